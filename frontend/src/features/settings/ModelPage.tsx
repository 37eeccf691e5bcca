import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { appQuery, modelQuery } from "@/api/queries";
import type { ModelView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatDate } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { ModelForm } from "./ModelForm";
import { modelWords } from "./modelWords";
import { useReturn } from "./useReturn";

/** `/settings/model`: which language model answers, and an admin's form for it. */
export default function ModelPage() {
  const model = useQuery(modelQuery);
  return (
    <Section
      title="Language model"
      intro="A model understands questions in your own words. Without one, or when it fails, keyword search answers."
    >
      {model.isError && <ProblemBox problem={asProblem(model.error)} />}
      {model.isPending && <Spinner label="Loading…" />}
      {model.data && <Content model={model.data} />}
    </Section>
  );
}

function Content({ model }: { model: ModelView }) {
  const [editing, setEditing] = useState(false);
  const { goBack } = useReturn();
  const show = useShownModel();
  const saved = (view: ModelView) => {
    show(view);
    setEditing(false);
    announce("Model saved.");
    goBack();
  };
  if (model.can_change && model.origin === "none")
    return <ModelForm model={model} onSaved={saved} />;
  return (
    <>
      <Current model={model} onEdit={() => setEditing(true)} editing={editing} />
      {editing && <ModelForm model={model} onSaved={saved} onCancel={() => setEditing(false)} />}
    </>
  );
}

/** Show everywhere what the server says of the model now. */
function useShownModel(): (view: ModelView) => void {
  const client = useQueryClient();
  return (view) => {
    client.setQueryData(modelQuery.queryKey, view);
    void client.invalidateQueries({ queryKey: appQuery.queryKey });
  };
}

interface CurrentProps {
  model: ModelView;
  editing: boolean;
  onEdit: () => void;
}

function Current({ model, editing, onEdit }: CurrentProps) {
  return (
    <div className="grid grid-cols-1 gap-2 rounded-card border bg-card p-3 text-14">
      <p className="flex flex-wrap items-center gap-2">
        <strong className="font-semibold wrap-anywhere">
          {model.model ? modelWords(model.model) : "No model"}
        </strong>
        <Badge tone={model.model ? "ok" : "plain"}>
          {model.model ? "in use" : "keyword search"}
        </Badge>
      </p>
      <p className="text-muted wrap-anywhere">{whereSet(model)}</p>
      {!editing && <Acts model={model} onEdit={onEdit} />}
    </div>
  );
}

/** Where it is set and by whom it can be changed. */
function whereSet(model: ModelView): string {
  if (model.setting) {
    return `Set by the server's configuration (${model.setting}), which comes before this page.`;
  }
  if (!model.can_change) {
    return model.model ? "An admin can change it." : "An admin of this server can set one.";
  }
  const key = model.has_key
    ? "Key •••••••• is stored encrypted"
    : "Its key cannot be read any more";
  const tested = model.tested_at ? `last tested ${formatDate(model.tested_at)}` : "not tested yet";
  return `${key} · ${tested}`;
}

function Acts({ model, onEdit }: Pick<CurrentProps, "model" | "onEdit">) {
  const show = useShownModel();
  const test = useMutation({
    mutationFn: () => answerOf(api.POST("/api/model/test")),
    onSuccess: (view) => {
      show(view);
      announce("The model answered.");
    },
  });
  const remove = useMutation({
    mutationFn: () => answerOf(api.DELETE("/api/model")),
    onSuccess: (view) => {
      show(view);
      announce("Model removed.");
    },
  });
  // Others than admins are not told whether there is a key.
  if (!model.can_change && !model.has_key) return null;
  const problem = test.error ?? remove.error;
  return (
    <>
      <p className="flex flex-wrap items-center gap-2">
        <Button size="sm" disabled={test.isPending} onClick={() => test.mutate()}>
          {test.isPending ? "Testing…" : "Test"}
        </Button>
        {model.can_change && (
          <>
            <Button size="sm" onClick={onEdit}>
              Change
            </Button>
            <Button size="sm" disabled={remove.isPending} onClick={() => remove.mutate()}>
              Remove
            </Button>
          </>
        )}
        {test.isSuccess && <span className="text-ok">The model answered.</span>}
      </p>
      {problem && <ProblemBox problem={{ ...asProblem(problem), screen: null }} />}
    </>
  );
}
