import { useMutation } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { UploadConsent } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { formatDate, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { UPLOADS_KEY } from "./queries";

/** What happens with medical images, to be agreed to before the first. */
export function ConsentCard({ consent }: { consent: UploadConsent }) {
  const give = useMutation({
    mutationFn: () =>
      answerOf(api.POST("/api/uploads/consent", { body: { version: consent.version } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: UPLOADS_KEY }),
  });
  return (
    <section aria-label="Consent" className="grid gap-3 rounded-card border bg-card p-4">
      <h2 className="flex items-center gap-2 text-15 font-semibold">
        <ShieldCheck aria-hidden className="size-5 text-accent" /> Before the first medical image
      </h2>
      <ConsentText text={consent.text} />
      {give.isError && <ProblemBox problem={asProblem(give.error)} />}
      <div className="flex flex-wrap items-center gap-3">
        <Button variant="primary" disabled={give.isPending} onClick={() => give.mutate()}>
          I agree
        </Button>
        <span className="text-12 text-muted">Text of {consent.version}</span>
      </div>
    </section>
  );
}

function ConsentText({ text }: { text: readonly string[] }) {
  return (
    <ul className="grid max-w-[48rem] list-disc gap-1 pl-5 text-14">
      {text.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** That it was given, and the way back. */
export function GivenConsent({ consent }: { consent: UploadConsent }) {
  const [asking, setAsking] = useState(false);
  const [reading, setReading] = useState(false);
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-13 text-muted">
      You agreed to how medical images are kept
      {consent.given_at && ` on ${formatDate(consent.given_at)}`}.
      <Button size="sm" variant="ghost" onClick={() => setReading(true)}>
        Read it
      </Button>
      <Button size="sm" variant="ghost" onClick={() => setAsking(true)}>
        Take it back
      </Button>
      <Dialog open={reading} onOpenChange={setReading} title="How medical images are kept">
        <div className="pt-3">
          <ConsentText text={consent.text} />
        </div>
      </Dialog>
      <RevokeDialog open={asking} onOpenChange={setAsking} uploads={consent.uploads} />
    </p>
  );
}

interface RevokeProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  uploads: number;
}

function RevokeDialog({ open, onOpenChange, uploads }: RevokeProps) {
  const revoke = useMutation({
    mutationFn: (what: "keep" | "delete") =>
      answerOf(api.DELETE("/api/uploads/consent", { params: { query: { uploads: what } } })),
    onSuccess: async () => {
      onOpenChange(false);
      await queryClient.invalidateQueries({ queryKey: UPLOADS_KEY });
    },
  });
  const here = plural(uploads, "medical image");
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Take the consent back?" alert>
      <div className="grid gap-3 pt-3 text-14">
        <p>No medical image is taken in any more, and what is arriving now is stopped.</p>
        {uploads > 0 && <p>You have {here} here. Say what becomes of them.</p>}
        {revoke.isError && <ProblemBox problem={asProblem(revoke.error)} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button disabled={revoke.isPending} onClick={() => revoke.mutate("keep")}>
            {uploads > 0 ? "Take back, keep them" : "Take back"}
          </Button>
          {uploads > 0 && (
            <Button
              variant="danger"
              disabled={revoke.isPending}
              onClick={() => revoke.mutate("delete")}
            >
              Take back and delete them
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
