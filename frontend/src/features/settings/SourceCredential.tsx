import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { sourcesQuery } from "@/api/queries";
import type { SourceStatus } from "@/api/types";
import { PasswordField } from "@/features/accounts/PasswordField";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";

export type Hub = "kaggle" | "huggingface";

/** A person's own key at a hub: set, replaced, removed; never shown again. */
export function SourceCredential({ source, hub }: { source: SourceStatus; hub: Hub }) {
  const [open, setOpen] = useState(false);
  const client = useQueryClient();
  const path = { path: { source: hub } };
  const done = (words: string) => async () => {
    setOpen(false);
    announce(words);
    await client.invalidateQueries(sourcesQuery);
  };
  const keep = useMutation({
    mutationFn: (body: { secret: string; username?: string }) =>
      answerOf(api.PUT("/api/sources/{source}/credential", { params: path, body })),
    onSuccess: done(`Your key for ${source.label} is used from now on.`),
  });
  const forget = useMutation({
    mutationFn: () => answerOf(api.DELETE("/api/sources/{source}/credential", { params: path })),
    onSuccess: done(`Your key for ${source.label} is removed.`),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const secret = String(form.get("secret")).trim();
    const username = String(form.get("username") ?? "").trim() || undefined;
    if (secret) keep.mutate({ secret, username });
  }

  if (!open)
    return (
      <p className="flex flex-wrap gap-2 pt-1">
        <Button size="sm" onClick={() => setOpen(true)}>
          {source.own ? `Replace your ${source.label} key` : `Use your own ${source.label} key`}
        </Button>
        {source.own && (
          <Button size="sm" disabled={forget.isPending} onClick={() => forget.mutate()}>
            Remove your {source.label} key
          </Button>
        )}
      </p>
    );
  return (
    <form onSubmit={submit} noValidate className="grid max-w-md grid-cols-1 gap-3 pt-2">
      {hub === "kaggle" && (
        <Field label="User name, for an older key only" name="username" autoComplete="off" />
      )}
      <PasswordField label={`${source.label} token or key`} name="secret" autoComplete="off" />
      {keep.isError && <ProblemBox problem={asProblem(keep.error)} />}
      <p className="flex gap-2">
        <Button type="submit" variant="primary" size="sm" disabled={keep.isPending}>
          {keep.isPending ? "Checking…" : "Check and keep"}
        </Button>
        <Button size="sm" onClick={() => setOpen(false)}>
          Never mind
        </Button>
      </p>
    </form>
  );
}
