import { useMutation } from "@tanstack/react-query";
import { Check, SearchX } from "lucide-react";
import { type ReactNode, Suspense, useCallback, useState } from "react";
import { asProblem } from "@/api/problem";
import type { FilterName } from "@/api/types";
import { ageWords } from "@/features/settings/indexWords";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { lazily } from "@/ui/lazily";
import { Spinner } from "@/ui/Spinner";
import { SHOWN, type Surroundings } from "./answerLayout";
import { DatasetCard } from "./DatasetCard";
import { FilterChips } from "./FilterChips";
import { OrderSelect } from "./OrderSelect";
import type { SearchInput, SearchOutput } from "./parts";
import { inOrder, type ResultOrder } from "./resultOrder";
import { SelectionBar } from "./SelectionBar";
import { leftOutWords, searchAgain } from "./searchFilters";
import { SOURCES, sourceList } from "./sourceText";
import { ToolLine } from "./ToolLine";
import { useKeptFocus } from "./useKeptFocus";
import { useSteadyTop } from "./useSteadyTop";

/** Datasets that are asked for once a filter is taken away. */
const AGAIN = 10;

const ResultTable = lazily(() => import("./ResultTable"));

interface SearchResultsProps {
  input: SearchInput;
  output: SearchOutput;
  around: Surroundings;
}

interface FoundProps extends SearchResultsProps {
  children: ReactNode;
}

/** What a search found, and its filters, each of which can be taken away: it is searched again at once. */
export function SearchResults({ input, output, around }: SearchResultsProps) {
  const [changed, setChanged] = useState<{ input: SearchInput; output: SearchOutput } | null>(null);
  const shown = changed ?? { input, output };
  const [frame, keepFocus] = useKeptFocus(changed);
  const again = useMutation({
    mutationFn: async (next: SearchInput) => ({
      input: next,
      output: await searchAgain(next, AGAIN),
    }),
    onSuccess: setChanged,
  });
  function remove(name: FilterName, place: number) {
    keepFocus(place);
    again.mutate({ ...shown.input, [name]: null });
  }

  return (
    <div ref={frame} tabIndex={-1} className="outline-none">
      <Found
        key={changed ? JSON.stringify(changed.input) : "asked"}
        input={shown.input}
        output={shown.output}
        around={around}
      >
        <FilterChips input={shown.input} busy={again.isPending} onRemove={remove} />
        {again.isError && (
          <p role="alert" className="text-13 text-bad">
            {asProblem(again.error).detail}
          </p>
        )}
      </Found>
    </div>
  );
}

/** How many there are, the best few as cards, and all of it as a table. */
function Found({ input, output, around, children }: FoundProps) {
  const { above, numbers, room } = around;
  const [all, setAll] = useState(false);
  const [order, setOrder] = useState<ResultOrder>("relevance");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const found = output.downloadable_datasets;
  const fresh = found.filter((card) => !above.has(card.ref));
  const cards = useSteadyTop(inOrder(fresh, order), SHOWN, `${order} ${output.query}`);
  const waiting = (output.waiting_for ?? []).length > 0;
  // The same at each drawing, so that a card is drawn anew for its own changes alone.
  const select = useCallback((ref: string, on: boolean) => {
    setSelected((before) => {
      const next = new Set(before);
      if (on) next.add(ref);
      else next.delete(ref);
      return next;
    });
  }, []);
  if (found.length === 0) {
    return (
      <div className="grid grid-cols-1 gap-2">
        <Nothing input={input} output={output} />
        {children}
      </div>
    );
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
      {output.nothing_about && (
        <ToolLine icon={SearchX}>
          None of these is about “<bdi>{output.nothing_about}</bdi>”: they share other words of the
          search.
        </ToolLine>
      )}
      {children}
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
                  onSelect={found.length > 1 ? select : undefined}
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
  const leftOut = leftOutWords(input, output);
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
      {leftOut && `. Left out: ${leftOut}.`}
    </ToolLine>
  );
}
