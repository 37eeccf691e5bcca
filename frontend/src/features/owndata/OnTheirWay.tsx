import { useMutation, useQuery } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { Button } from "@/ui/Button";
import { formatBytes, formatDate } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { ADDITIONS_KEY } from "./sending";

/** What was begun and has not arrived: the browser has forgotten its folder, and the server what has come of it not. */
export function OnTheirWay({ onGoOn }: { onGoOn: (title: string) => void }) {
  const additions = useQuery({
    queryKey: ADDITIONS_KEY,
    queryFn: () => answerOf(api.GET("/api/additions")),
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      answerOf(
        api.DELETE("/api/additions/{addition_id}", { params: { path: { addition_id: id } } }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ADDITIONS_KEY }),
  });
  if (!additions.data || additions.data.length === 0) return null;
  return (
    <section aria-label="Begun and not whole" className="grid gap-2">
      {remove.isError && <ProblemBox problem={asProblem(remove.error)} />}
      {additions.data.map((one) => (
        <div key={one.id} className="grid gap-1 rounded-card border bg-card p-3 text-14">
          <p dir="auto" className="font-medium wrap-anywhere">
            {one.title}
          </p>
          <p className="text-13 text-muted">
            {one.files_here} of {one.file_count} files are here, {formatBytes(one.bytes_here)} of{" "}
            {formatBytes(one.size)}. Choose the same folder again, and only the rest is sent. Kept
            until {formatDate(one.kept_until)}.
          </p>
          <p className="flex gap-2">
            {one.mode === "new" && (
              <Button size="sm" onClick={() => onGoOn(one.title)}>
                Go on under this name
              </Button>
            )}
            <Button size="sm" disabled={remove.isPending} onClick={() => remove.mutate(one.id)}>
              Remove
            </Button>
          </p>
        </div>
      ))}
    </section>
  );
}
