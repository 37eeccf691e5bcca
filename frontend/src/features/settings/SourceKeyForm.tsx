import type { UseMutationResult } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { SourceStatus } from "@/api/types";
import { Button } from "@/ui/Button";
import { ExternalLink } from "@/ui/ExternalLink";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { sourceLabel } from "@/ui/sources";
import { KeyField } from "./KeyField";
import type { Hub } from "./SourceCredential";

export type Given = { secret: string; username?: string };

/** Where a key is made. */
const MADE_AT: Record<Hub, string> = {
  kaggle: "https://www.kaggle.com/settings",
  huggingface: "https://huggingface.co/settings/tokens",
};
/** One of Kaggle's older keys, which needs the user's name beside it. */
const OLDER_KEY = /^\s*[0-9a-f]{32}\s*$/;

interface SourceKeyFormProps {
  hub: Hub;
  keep: UseMutationResult<SourceStatus, Error, Given>;
  onCancel: () => void;
}

export function SourceKeyForm({ hub, keep, onCancel }: SourceKeyFormProps) {
  const [secret, setSecret] = useState("");
  const [missing, setMissing] = useState(false);
  const label = sourceLabel(hub);
  const older = hub === "kaggle" && OLDER_KEY.test(secret);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("kaggle_user") ?? "").trim();
    setMissing(!secret.trim());
    if (secret.trim()) keep.mutate({ secret, username: older && name ? name : undefined });
  }

  return (
    <form onSubmit={submit} noValidate className="grid max-w-md grid-cols-1 gap-3 pt-2">
      <KeyField
        label={`${label} ${hub === "kaggle" ? "token or key" : "token"}`}
        name="hub_key"
        autoFocus
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
        error={missing ? "Paste your key." : undefined}
        hint={hub === "kaggle" ? "A token, or all of kaggle.json." : undefined}
      />
      {older && (
        <Field
          label="Kaggle user name"
          name="kaggle_user"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          hint="Older keys need it."
        />
      )}
      {keep.isError && <ProblemBox problem={{ ...asProblem(keep.error), screen: null }} />}
      <p className="flex flex-wrap items-center gap-2">
        <Button type="submit" variant="primary" size="sm" disabled={keep.isPending}>
          {keep.isPending ? "Checking…" : "Save key"}
        </Button>
        <Button size="sm" onClick={onCancel}>
          Cancel
        </Button>
        <ExternalLink href={MADE_AT[hub]} className="text-13">
          Get a key at {label}
        </ExternalLink>
      </p>
    </form>
  );
}
