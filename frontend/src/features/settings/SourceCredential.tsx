import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { hubWanted } from "@/api/mended";
import { sourcesQuery } from "@/api/queries";
import type { Problem, SourceStatus } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { type Given, SourceKeyForm } from "./SourceKeyForm";
import { useReturn } from "./useReturn";

export type Hub = "kaggle" | "huggingface";

interface SourceCredentialProps {
  source: SourceStatus;
  hub: Hub;
  /** Somebody was led here to set this key. */
  wanted: boolean;
}

/** A person's own key at a hub: set, replaced, removed; never shown again. */
export function SourceCredential({ source, hub, wanted }: SourceCredentialProps) {
  const [open, setOpen] = useState(wanted);
  const client = useQueryClient();
  const { goBack } = useReturn();
  const path = { path: { source: hub } };
  const changed = async (status: SourceStatus) => {
    client.setQueryData(sourcesQuery.queryKey, (known) =>
      known?.map((one) => (one.name === hub ? status : one)),
    );
    await client.invalidateQueries(sourcesQuery);
  };
  const keep = useMutation({
    mutationFn: (body: Given) =>
      answerOf(api.PUT("/api/sources/{source}/credential", { params: path, body })),
    onSuccess: (status) => {
      setOpen(false);
      announce(`${source.label} key saved.`);
      // What was refused for want of it is out of date.
      for (const query of client.getQueryCache().findAll({ queryKey: ["refusal"] })) {
        if (hubWanted(query.state.data as Problem | null) === hub) query.setData(null);
      }
      void changed(status);
      goBack();
    },
  });
  const forget = useMutation({
    mutationFn: () => answerOf(api.DELETE("/api/sources/{source}/credential", { params: path })),
    onSuccess: (status) => {
      announce(`${source.label} key removed.`);
      void changed(status);
    },
  });
  if (open) return <SourceKeyForm hub={hub} keep={keep} onCancel={() => setOpen(false)} />;
  return (
    <p className="flex flex-wrap gap-2 pt-1">
      <Button size="sm" onClick={() => setOpen(true)}>
        {source.own ? `Replace ${source.label} key` : `Add ${source.label} key`}
      </Button>
      {source.own && (
        <Button size="sm" disabled={forget.isPending} onClick={() => forget.mutate()}>
          Remove {source.label} key
        </Button>
      )}
    </p>
  );
}
