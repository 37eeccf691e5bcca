import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { tokensQuery } from "@/api/queries";
import type { NewPersonalToken, PersonalTokenRequest } from "@/api/types";
import { useMe } from "@/features/accounts/useSession";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { Field, INPUT } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { dayFromNow, END_CHOICES, type EndChoice, endAt } from "./tokenEnd";

const SCOPES = [
  { id: "read", does: "Search, and see datasets and jobs" },
  { id: "download", does: "Also download, delete and chat" },
  { id: "admin", does: "Also manage the server, keys and tokens" },
] as const;

interface NewTokenDialogProps {
  open: boolean;
  onClose: () => void;
}

/** Makes a token, and shows it this once. */
export function NewTokenDialog({ open, onClose }: NewTokenDialogProps) {
  const [made, setMade] = useState<NewPersonalToken>();
  const close = () => {
    setMade(undefined);
    onClose();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={(opened) => !opened && close()}
      title={made ? `Token ${made.name}` : "New token"}
      // A press beside the dialog must not take away what is shown only once.
      alert={made !== undefined}
    >
      {made ? <Made token={made.token} onDone={close} /> : <TokenForm onMade={setMade} />}
    </Dialog>
  );
}

function Made({ token, onDone }: { token: string; onDone: () => void }) {
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      <p>Copy it now: it is not shown again.</p>
      <div className="flex items-center gap-1 rounded-control bg-panel py-1 pr-1 pl-2">
        <code className="min-w-0 flex-1 font-mono text-13 break-all">{token}</code>
        <CopyButton text={token} what="token" />
      </div>
      <Button variant="primary" className="justify-self-end" onClick={onDone}>
        Done
      </Button>
    </div>
  );
}

function TokenForm({ onMade }: { onMade: (token: NewPersonalToken) => void }) {
  const client = useQueryClient();
  const [fault, setFault] = useState<string>();
  const create = useMutation({
    mutationFn: (body: PersonalTokenRequest) => answerOf(api.POST("/api/auth/tokens", { body })),
    onSuccess: (token) => {
      void client.invalidateQueries(tokensQuery);
      onMade(token);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get("token_name")).trim();
    setFault(name ? undefined : "Give it a name.");
    if (!name) return;
    create.mutate({
      name,
      scope: form.get("scope") as PersonalTokenRequest["scope"],
      expires_at: endAt(form.get("end") as EndChoice, String(form.get("day"))),
    });
  }

  return (
    <form noValidate onSubmit={submit} className="mt-3 grid grid-cols-1 gap-4">
      <Field
        label="Name"
        name="token_name"
        maxLength={100}
        autoComplete="off"
        autoFocus
        placeholder="nightly download"
        error={fault}
      />
      <Scope />
      <End />
      {create.isError && <ProblemBox problem={asProblem(create.error)} />}
      <Button
        type="submit"
        variant="primary"
        disabled={create.isPending}
        className="justify-self-end"
      >
        {create.isPending ? "Creating…" : "Create token"}
      </Button>
    </form>
  );
}

function Scope() {
  const me = useMe();
  const offered = SCOPES.filter(({ id }) => id !== "admin" || me?.admin);
  return (
    <fieldset className="grid gap-1">
      <legend className="mb-1 text-13 font-medium">It may</legend>
      {offered.map(({ id, does }) => (
        <label key={id} className="flex min-h-7 items-start gap-2 text-14 touch:min-h-11">
          <input
            type="radio"
            name="scope"
            value={id}
            defaultChecked={id === "read"}
            className="mt-1"
          />
          <span>
            <span className="font-mono text-13">{id}</span>{" "}
            <span className="text-muted">{does}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function End() {
  const [choice, setChoice] = useState<EndChoice>("90");
  return (
    <div className="grid grid-cols-1 gap-2 sm:grid-cols-2">
      <label className="grid gap-1 text-13 font-medium">
        Ends
        <select
          name="end"
          value={choice}
          onChange={({ currentTarget }) => setChoice(currentTarget.value as EndChoice)}
          className={INPUT}
        >
          {END_CHOICES.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {choice === "day" && (
        <Field
          label="Last day"
          name="day"
          type="date"
          min={dayFromNow(0)}
          defaultValue={dayFromNow(90)}
        />
      )}
    </div>
  );
}
