import { lazy, Suspense, useState } from "react";
import { Button } from "@/ui/Button";
import { Spinner } from "@/ui/Spinner";
import { DatasetCard } from "./DatasetCard";
import type { SearchInput, SearchOutput } from "./parts";
import { SelectionBar } from "./SelectionBar";
import { SourceProblems } from "./SourceProblems";

const ResultTable = lazy(() => import("./ResultTable"));

/** Cards shown before "show all". */
const SHOWN = 5;

interface SearchResultsProps {
  input: SearchInput;
  output: SearchOutput;
}

/** What a search found: what failed, the best few as cards, and all of it as a table. */
export function SearchResults({ input, output }: SearchResultsProps) {
  const [all, setAll] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const found = output.downloadable_datasets;
  if (found.length === 0) return <SourceProblems problems={output.source_errors} />;

  function select(ref: string, on: boolean) {
    const next = new Set(selected);
    if (on) next.add(ref);
    else next.delete(ref);
    setSelected(next);
  }

  return (
    <div className="grid grid-cols-1 gap-2">
      <SourceProblems problems={output.source_errors} />
      {all ? (
        <Suspense fallback={<Spinner label="Loading…" />}>
          <ResultTable input={input} output={output} onClose={() => setAll(false)} />
        </Suspense>
      ) : (
        <>
          <ul aria-label="Datasets found" className="grid grid-cols-1 gap-2">
            {found.slice(0, SHOWN).map((card) => (
              <DatasetCard
                key={card.ref}
                card={card}
                selected={selected.has(card.ref)}
                onSelect={found.length > 1 ? (on) => select(card.ref, on) : undefined}
              />
            ))}
          </ul>
          <SelectionBar
            cards={found.filter((card) => selected.has(card.ref))}
            onClear={() => setSelected(new Set())}
          />
          {(found.length > SHOWN || output.more) && (
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
