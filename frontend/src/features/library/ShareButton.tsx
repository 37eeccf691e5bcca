import { useMutation, useQuery } from "@tanstack/react-query";
import { Share2, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { DatasetView } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ExternalLink } from "@/ui/ExternalLink";
import { Field } from "@/ui/Field";
import { formatDate } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { type SharingView, sharingQuery } from "./retention";

interface ShareButtonProps {
  name: string;
  dataset: DatasetView;
}

/** Lets others see a gated or private dataset, and takes it back. */
export function ShareButton({ name, dataset }: ShareButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Share2 aria-hidden /> Share…
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Share ${dataset.title}`}>
        {open && <Sharing name={name} revision={dataset.revision ?? undefined} />}
      </Dialog>
    </>
  );
}

interface Change {
  emails?: string[];
  everybody?: boolean;
  /** Of one person; null of all. */
  takeBack?: string | null;
}

function Sharing({ name, revision }: { name: string; revision?: string }) {
  const params = { path: { key: name }, query: { revision } };
  const sharing = useQuery(sharingQuery(name, revision));
  const change = useMutation({
    mutationFn: ({ emails = [], everybody = false, takeBack }: Change) =>
      takeBack === undefined
        ? answerOf(api.POST("/api/datasets/{key}/sharing", { params, body: { emails, everybody } }))
        : answerOf(
            api.DELETE("/api/datasets/{key}/sharing", {
              params: { ...params, query: { revision, email: takeBack ?? undefined } },
            }),
          ),
    onSuccess: (told) => {
      queryClient.setQueryData(sharingQuery(name, revision).queryKey, told);
      void queryClient.invalidateQueries({ queryKey: ["library", "dataset", name] });
    },
  });
  if (sharing.isPending) return <Spinner label="Loading…" />;
  if (sharing.isError) return <ProblemBox problem={asProblem(sharing.error)} />;
  const { data } = sharing;
  const withAll = data.shares.some(({ email }) => email == null);
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      {data.terms && <Terms sharing={data} />}
      <WithPerson onShare={(email) => change.mutateAsync({ emails: [email] })} />
      {!withAll && (
        <Button disabled={change.isPending} onClick={() => change.mutate({ everybody: true })}>
          Share with everybody on this server
        </Button>
      )}
      {change.isError && <ProblemBox problem={asProblem(change.error)} />}
      <ul aria-label="Shared with" className="grid grid-cols-1 gap-1">
        {data.shares.map(({ email, shared_at }) => (
          <li key={email ?? "*"} className="flex items-center justify-between gap-2">
            <span className="min-w-0 wrap-anywhere">
              {email ?? "Everybody on this server"}{" "}
              <span className="text-13 text-muted">since {formatDate(shared_at)}</span>
            </span>
            {email != null && (
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Take it back from ${email}`}
                title="Take it back"
                onClick={() => change.mutate({ takeBack: email })}
              >
                <X aria-hidden />
              </Button>
            )}
          </li>
        ))}
      </ul>
      {data.shares.length > 0 ? (
        <Button
          variant="danger"
          disabled={change.isPending}
          onClick={() => change.mutate({ takeBack: null })}
        >
          Take it back from all
        </Button>
      ) : (
        <p className="text-13 text-muted">
          It is shared with nobody: only those with access of their own see it, and admins.
        </p>
      )}
    </div>
  );
}

/** What its source may say against it. */
function Terms({ sharing }: { sharing: SharingView }) {
  return (
    <div className="grid gap-1 rounded-card border border-warn/50 p-3 text-13">
      <p>{sharing.terms}</p>
      {sharing.link && <ExternalLink href={sharing.link}>Its page at its source</ExternalLink>}
    </div>
  );
}

function WithPerson({ onShare }: { onShare: (email: string) => Promise<unknown> }) {
  const [email, setEmail] = useState("");
  function submit(event: FormEvent) {
    event.preventDefault();
    onShare(email.trim()).then(
      () => setEmail(""),
      () => undefined, // it is told above
    );
  }
  return (
    <form className="grid gap-2" onSubmit={submit}>
      <Field
        label="E-mail of an account here"
        type="email"
        required
        maxLength={320}
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Button type="submit" variant="primary" disabled={!email.trim()}>
        Share
      </Button>
    </form>
  );
}
