import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useId, useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { ModelView } from "@/api/types";
import { Button } from "@/ui/Button";
import { ExternalLink } from "@/ui/ExternalLink";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { KeyField } from "./KeyField";

interface ModelFormProps {
  model: ModelView;
  onSaved: (view: ModelView) => void;
  onCancel?: () => void;
}

type Given = { key: string; model: string; untested: boolean };

/** A refusal that says nothing of the key: it may be kept without having been tested. */
const MAY_PASS = new Set(["model_unreachable", "model_rate_limited"]);

/** Choose a Gemini model and its key. The key leaves the page when it is saved, and never comes back. */
export function ModelForm({ model, onSaved, onCancel }: ModelFormProps) {
  const list = useId();
  const current = model.model?.replace(/^google_genai:/, "") ?? model.default_model;
  const [key, setKey] = useState("");
  const [name, setName] = useState(current);
  const [missing, setMissing] = useState(false);
  const names = useModelNames(model.has_key);
  const save = useMutation({
    mutationFn: ({ key, ...rest }: Given) =>
      answerOf(api.PUT("/api/model", { body: { ...rest, key: key.trim() ? key : null } })),
    onSuccess: onSaved,
  });
  const problem = save.error ? asProblem(save.error) : null;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const without = !key.trim() && !model.has_key;
    setMissing(without);
    if (!without) save.mutate({ key, model: name, untested: false });
  }

  return (
    <form
      onSubmit={submit}
      noValidate
      className="grid max-w-md grid-cols-1 gap-4"
      aria-label="Language model"
    >
      <KeyField
        label="Gemini API key"
        name="model_key"
        autoFocus
        value={key}
        placeholder={model.has_key ? "•••••••• (unchanged)" : undefined}
        onChange={(event) => setKey(event.currentTarget.value)}
        onBlur={() => key.trim() && names.load(key)}
        error={missing ? "Paste your Gemini key." : undefined}
        hint="Stored encrypted on this server, and never shown again."
      />
      <Field
        label="Model"
        name="model_name"
        list={list}
        value={name}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        className="font-mono"
        onChange={(event) => setName(event.currentTarget.value)}
        hint={`${model.default_model} is Google's current fast model.`}
      />
      <datalist id={list}>
        {[...new Set([model.default_model, ...names.known])].map((known) => (
          <option key={known} value={known} />
        ))}
      </datalist>
      <p className="text-13 text-muted">
        With a model, chat messages and what searches find are sent to Google.
      </p>
      {problem && (
        <ProblemBox problem={{ ...problem, screen: null }}>
          {MAY_PASS.has(problem.code) && (
            <Button
              size="sm"
              disabled={save.isPending}
              onClick={() => save.mutate({ key, model: name, untested: true })}
            >
              Save anyway
            </Button>
          )}
        </ProblemBox>
      )}
      <p className="flex flex-wrap items-center gap-2">
        <Button type="submit" variant="primary" disabled={save.isPending}>
          {save.isPending ? "Testing…" : "Test and save"}
        </Button>
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <ExternalLink href="https://aistudio.google.com/apikey" className="text-13">
          Get a key at Google
        </ExternalLink>
      </p>
    </form>
  );
}

/** The models that the kept key may use, or another once it is loaded. Without them the field takes any name. */
function useModelNames(kept: boolean): { known: string[]; load: (key: string | null) => void } {
  const { mutate, data } = useMutation({
    mutationFn: (key: string | null) => answerOf(api.POST("/api/model/list", { body: { key } })),
  });
  useEffect(() => {
    if (kept) mutate(null);
  }, [kept, mutate]);
  return { known: data?.models ?? [], load: mutate };
}
