import { useMutation, useQuery } from "@tanstack/react-query";
import { Share2 } from "lucide-react";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { DatasetView } from "@/api/types";
import { type SharingChange, SharingForm } from "@/features/sharing/SharingForm";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ExternalLink } from "@/ui/ExternalLink";
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

function Sharing({ name, revision }: { name: string; revision?: string }) {
  const params = { path: { key: name }, query: { revision } };
  const sharing = useQuery(sharingQuery(name, revision));
  const change = useMutation({
    mutationFn: ({ emails = [], everybody = false, takeBack }: SharingChange) =>
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
  return (
    <SharingForm
      shares={sharing.data.shares}
      onChange={change.mutateAsync}
      busy={change.isPending}
      error={change.error}
      nobody="It is shared with nobody: only those with access of their own see it, and admins."
    >
      {sharing.data.terms && <Terms sharing={sharing.data} />}
    </SharingForm>
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
