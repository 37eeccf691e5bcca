import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { answerOf, api } from "@/api/client";
import type { UploadCategory } from "@/api/types";
import { Button } from "@/ui/Button";
import type { Box } from "./boxes";
import type { Draft } from "./sheet";

interface FindingsToAcceptProps {
  category: UploadCategory;
  id: string;
  /** Ids of findings that are accepted already. */
  taken: ReadonlySet<string>;
  onAccept: (draft: Omit<Draft, "id">) => void;
}

/** What the analysis has found in an upload; one that is accepted becomes an annotation. */
export function FindingsToAccept({ category, id, taken, onAccept }: FindingsToAcceptProps) {
  const { data } = useQuery({
    queryKey: ["annotations", "findings", category, id],
    queryFn: ({ signal }) => {
      const params = { path: { category, upload_id: id } };
      return answerOf(api.GET("/api/uploads/{category}/{upload_id}/analysis", { signal, params }));
    },
    refetchInterval: ({ state }) => (state.data?.state === "computing" ? 3000 : false),
  });
  const left = data?.findings.filter((one) => !taken.has(one.id)) ?? [];
  if (left.length === 0) return null;
  return (
    <section aria-label="Findings" className="grid grid-cols-1 gap-2">
      <h3 className="text-13 font-medium">Findings of the analysis</h3>
      <ul className="grid gap-1">
        {left.map(({ id: finding, kind, label, box, confidence, by }) => (
          <li key={finding} className="flex items-center justify-between gap-2 text-13">
            <span className="min-w-0 wrap-anywhere">
              {label} {confidence != null && `${Math.round(confidence * 100)} %`}
              <span className="block text-12 text-muted">
                {by.name} {by.version}
              </span>
            </span>
            <Button
              size="sm"
              aria-label={`Accept ${label}`}
              onClick={() =>
                onAccept({ kind, label, box: (box as Box | null | undefined) ?? null, finding })
              }
            >
              <Check aria-hidden /> Accept
            </Button>
          </li>
        ))}
      </ul>
      <p className="text-12 text-muted">Not for diagnosis.</p>
    </section>
  );
}
