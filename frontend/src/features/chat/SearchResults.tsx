import { Check, SearchX } from "lucide-react";
import { Suspense, useState } from "react";
import { ageWords } from "@/features/settings/indexWords";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { lazily } from "@/ui/lazily";
import { Spinner } from "@/ui/Spinner";
import { SHOWN, type Surroundings } from "./answerLayout";
import { DatasetCard } from "./DatasetCard";
import { OrderSelect } from "./OrderSelect";
import type { SearchInput, SearchOutput } from "./parts";
import { inOrder, type ResultOrder } from "./resultOrder";
import { SelectionBar } from "./SelectionBar";
import { SOURCES, sourceList } from "./sourceText";
import { ToolLine } from "./ToolLine";
import { useSteadyTop } from "./useSteadyTop";

const ResultTable = lazily(() => import("./ResultTable"));

interface SearchResultsProps {
  input: SearchInput;
  output: SearchOutput;
  around: Surroundings;
}

/** What a search found: how many, the best few as cards, and all of it as a table. */
export function SearchResults({ input, output, around }: SearchResultsProps) {
  const { above, numbers, room } = around;
  const [all, setAll] = useState(false);
  const [order, setOrder] = useState<ResultOrder>("relevance");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const found = output.downloadable_datasets;
  const fresh = found.filter((card) => !above.has(card.ref));
  const cards = useSteadyTop(inOrder(fresh, order), SHOWN, `${order} ${output.query}`);
  const waiting = (output.waiting_for ?? []).length > 0;
  if (found.length === 0) return <Nothing input={input} output={output} />;

  function select(ref: string, on: boolean) {
    const next = new Set(selected);
    if (on) next.add(ref);
    else next.delete(ref);
    setSelected(next);
  }

  const again = found.length - fresh.length;
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <ToolLine icon={Check} tone="ok">
          {plural(found.length, "dataset")} for “<bdi>{output.query}</bdi>”
          {again > 0 && `, ${again} of them above`}
          {waiting && " so far"}
          {output.index_snapshot_at && freshness(output.index_snapshot_at, output)}
        </ToolLine>
        {fresh.length > 1 && <OrderSelect order={order} onChange={setOrder} />}
      </div>
      {all ? (
        <Suspense fallback={<Spinner label="Loading…" />}>
          <ResultTable
            input={input}
            output={output}
            numbers={numbers}
            order={order}
            onOrder={setOrder}
            onClose={() => setAll(false)}
          />
        </Suspense>
      ) : (
        <>
          {cards.length > 0 && (
            <ul aria-label="Datasets found" className="grid grid-cols-1 gap-2">
              {cards.slice(0, room).map((card) => (
                <DatasetCard
                  key={card.ref}
                  card={card}
                  number={numbers.get(card.ref)}
                  selected={selected.has(card.ref)}
                  onSelect={found.length > 1 ? (on) => select(card.ref, on) : undefined}
                />
              ))}
            </ul>
          )}
          <SelectionBar
            cards={found.filter((card) => selected.has(card.ref))}
            onClear={() => setSelected(new Set())}
          />
          {cards.length <= room && (fresh.length > cards.length || (output.more && !waiting)) && (
            <Button className="justify-self-start" size="sm" onClick={() => setAll(true)}>
              Show all {found.length}
              {output.more && " and more"}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

/** Of what was found in the search index. */
function freshness(at: string, { source_errors: errors }: SearchOutput): string {
  const newer = errors.length === 0 ? ", and what their search has newer" : "";
  return ` · from the hubs' catalogues as of ${ageWords(at)}${newer}`;
}

/** An outage is told above; here stands where it was looked for, and found nowhere. */
function Nothing({ input, output }: Omit<SearchResultsProps, "around">) {
  const out = new Set([
    ...output.source_errors.map((problem) => problem.source),
    ...(output.waiting_for ?? []),
  ]);
  const asked = input.sources ?? SOURCES;
  const reached = asked.filter((source) => !out.has(source));
  if (reached.length === 0) return null;
  const where = reached.length < asked.length ? ` at ${sourceList(reached, "or")}` : "";
  return (
    <ToolLine icon={SearchX}>
      Nothing found for “<bdi>{output.query}</bdi>”{where.replace("at the", "in the")}
    </ToolLine>
  );
}
