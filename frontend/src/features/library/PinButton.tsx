import { useMutation } from "@tanstack/react-query";
import { Pin, PinOff } from "lucide-react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { DatasetView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";

/** Keeps a dataset: no clean-up takes it while somebody has it pinned. */
export function PinButton({ name, dataset }: { name: string; dataset: DatasetView }) {
  const mine = dataset.pinned_by_me;
  const toggle = useMutation({
    mutationFn: async () => {
      const params = { path: { key: name }, query: { revision: dataset.revision ?? undefined } };
      if (mine) await answerOf(api.DELETE("/api/datasets/{key}/pin", { params }));
      else await answerOf(api.POST("/api/datasets/{key}/pin", { params }));
    },
    onSuccess: () => announce(mine ? "No longer pinned." : "Pinned: it is kept."),
    onError: (error) => announce(asProblem(error).detail),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["library"] }),
  });
  return (
    <Button
      aria-pressed={mine}
      disabled={toggle.isPending}
      title={mine ? "Clean-ups may take it again" : "No clean-up takes it while it is pinned"}
      onClick={() => toggle.mutate()}
    >
      {mine ? <PinOff aria-hidden /> : <Pin aria-hidden />} {mine ? "Unpin" : "Pin"}
    </Button>
  );
}
