"""What a person has set for a job, and what is theirs, ends with them"""

import sqlalchemy as sa
from alembic import op

from dataferry.core.link_secrets import hide_link_secrets

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "dataset_access", sa.Column("owner", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # Until now whoever had access to what is here, or is to come, had asked for it.
    op.execute(
        "UPDATE dataset_access SET owner = true"
        " WHERE dataset_id IN (SELECT id FROM datasets WHERE status != 'absent')"
    )
    op.add_column("job_requesters", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("job_requesters", sa.Column("priority", sa.String(), nullable=True))
    op.add_column("job_requesters", sa.Column("prioritized_at", sa.DateTime(timezone=True), nullable=True))
    _limits_of_persons()
    op.add_column("messages", sa.Column("sealed", sa.String(), nullable=True))
    _hide_link_secrets()


def _limits_of_persons() -> None:
    op.rename_table("job_speed_limits", "former_job_speed_limits")
    op.create_table(
        "job_speed_limits",
        sa.Column("job_id", sa.String(), primary_key=True),
        sa.Column("user_id", sa.String(), primary_key=True),
        sa.Column("bytes_per_s", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
    )
    # Who set a limit was not written down; it was one of those who asked for the job.
    op.execute(
        "INSERT INTO job_speed_limits (job_id, user_id, bytes_per_s, set_at)"
        " SELECT limits.job_id, COALESCE(MIN(asked.user_id), ''), MIN(limits.bytes_per_s), CURRENT_TIMESTAMP"
        " FROM former_job_speed_limits AS limits"
        " LEFT JOIN job_requesters AS asked ON asked.job_id = limits.job_id AND asked.left_at IS NULL"
        " GROUP BY limits.job_id"
    )
    op.drop_table("former_job_speed_limits")


def _hide_link_secrets() -> None:
    """What was stored with passwords and signatures of links keeps the links only. Those that were asked for
    are known to the library, which has them sealed."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.execute(sa.text("PRAGMA secure_delete = ON"))
    chats = sa.table("chats", sa.column("id"), sa.column("title"))
    for chat_id, title in connection.execute(sa.select(chats.c.id, chats.c.title)).all():
        if (hidden := hide_link_secrets(title)) != title:
            connection.execute(chats.update().where(chats.c.id == chat_id).values(title=hidden))
    messages = sa.table(
        "messages",
        *(sa.column(name) for name in ("chat_id", "seq", "role")),
        sa.column("content", sa.String()),
        sa.column("parts", sa.JSON()),
    )
    written = sa.select(messages.c.chat_id, messages.c.seq, messages.c.content).where(
        messages.c.role == "user",
        sa.or_(*(messages.c.content.contains(mark) for mark in ("://", "=", "@"))),
    )
    for chat_id, seq, content in connection.execute(written).all():
        if (hidden := hide_link_secrets(content)) != content:
            connection.execute(
                messages.update()
                .where(messages.c.chat_id == chat_id, messages.c.seq == seq)
                .values(content=hidden, parts=[{"type": "text", "text": hidden}])
            )
