"""What a program does with the client that openapi-python-client makes: ``story.py ADDRESS``."""

import sys
import time
from uuid import uuid4

from dataferry_client import AuthenticatedClient, Client
from dataferry_client.api.accounts import create_token, register, sign_in
from dataferry_client.api.datasets import download_dataset, list_datasets, search_all
from dataferry_client.api.jobs import get_job
from dataferry_client.models import (
    AnyDownloadRequest,
    DatasetPage,
    DownloadTicket,
    JobState,
    JobView,
    NewPersonalToken,
    PersonalTokenRequest,
    RegisterRequest,
    SearchAnswer,
    SearchRequest,
    SignInForm,
    SignInFormClient,
    TokenAnswer,
    TokenScope,
    UserView,
)

EMAIL, PASSWORD = "python@example.org", "correct horse battery"


def main(address: str) -> None:
    stranger = Client(base_url=address)
    user = register.sync(client=stranger, body=RegisterRequest(email=EMAIL, password=PASSWORD))
    assert isinstance(user, UserView), user
    form = SignInForm(username=EMAIL, password=PASSWORD, client=SignInFormClient.CLI)
    session = sign_in.sync(client=stranger, body=form)
    assert isinstance(session, TokenAnswer), session
    person = AuthenticatedClient(base_url=address, token=session.access_token)
    made = create_token.sync(
        client=person, body=PersonalTokenRequest(name="story", scope=TokenScope.DOWNLOAD)
    )
    assert isinstance(made, NewPersonalToken), made
    download(AuthenticatedClient(base_url=address, token=made.token))


def download(script: AuthenticatedClient) -> None:
    """Search, download the first hit, follow it, and find it in the library."""
    found = search_all.sync(client=script, body=SearchRequest(query="iris", limit=5))
    assert isinstance(found, SearchAnswer), found
    ref = found.datasets[0].ref
    wanted, key = AnyDownloadRequest(dataset_id=ref), str(uuid4())
    first, again = (download_dataset.sync(client=script, body=wanted, idempotency_key=key) for _ in range(2))
    assert isinstance(first, DownloadTicket), first
    assert again == first, again
    job = follow(script, first.job_id)
    assert job.state is JobState.SUCCEEDED, job
    library = list_datasets.sync(client=script)
    assert isinstance(library, DatasetPage), library
    assert ref in [dataset.ref for dataset in library.datasets]
    print(f"{ref} is in the library")


def follow(script: AuthenticatedClient, job_id: str) -> JobView:
    deadline = time.monotonic() + 20
    while True:
        job = get_job.sync(job_id, client=script)
        assert isinstance(job, JobView), job
        if not job.active:
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.05)


main(sys.argv[1])
