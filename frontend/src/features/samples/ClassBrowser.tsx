import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { asProblem } from "@/api/problem";
import type { ClassNode } from "@/api/types";
import type { DatasetSearch } from "@/features/library/datasetSearch";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { classesQuery, type SamplesPlace } from "./queries";

interface ClassBrowserProps {
  place: SamplesPlace;
  /** The browser may fetch pictures. */
  allowed: boolean;
  onChoose: (change: DatasetSearch) => void;
}

interface Step {
  id: string;
  name: string;
}

const TOP: Step = { id: "root", name: "All" };

/** The classes as WordNet has them, from the general to the special: a step down for each kind, the way back
 * up, and a search among all of them. */
export function ClassBrowser(props: ClassBrowserProps) {
  const [open, setOpen] = useState(false);
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="w-fit cursor-pointer text-14 font-medium">Classes as a tree</summary>
      {open && <Browser {...props} />}
    </details>
  );
}

function Browser({ place, allowed, onChoose }: ClassBrowserProps) {
  const [path, setPath] = useState<readonly Step[]>([TOP]);
  const [words, setWords] = useState("");
  const sought = useDeferredValue(words.trim());
  const here = path.at(-1) ?? TOP;
  const shown = useQuery(classesQuery(place, sought ? { q: sought } : { parent: here.id }));
  function choose(node: ClassNode) {
    if (node.children === 0) return onChoose({ class: node.name, sample: undefined });
    const step = { id: node.id, name: node.name };
    setPath(sought ? [TOP, step] : [...path, step]);
    setWords("");
  }
  return (
    <div className="mt-2 grid gap-2 rounded-card border bg-card p-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <nav aria-label="Way through the classes" className="flex flex-wrap items-center gap-1">
          {path.map((step, depth) => (
            <span key={step.id} className="flex items-center gap-1">
              {depth > 0 && <ChevronRight aria-hidden className="size-4 text-muted" />}
              <Button
                size="sm"
                aria-current={step === here ? "step" : undefined}
                onClick={() => setPath(path.slice(0, depth + 1))}
              >
                {step.name}
              </Button>
            </span>
          ))}
        </nav>
        <input
          type="search"
          aria-label="Search classes"
          placeholder="Search classes"
          maxLength={100}
          value={words}
          onChange={({ target }) => setWords(target.value)}
          className="h-9 rounded-control border bg-bg px-3 text-14 touch:h-11"
        />
      </div>
      {shown.error && <ProblemBox problem={asProblem(shown.error)} />}
      {shown.data?.length === 0 && (
        <p className="text-13 text-muted">No class is called “{sought}”.</p>
      )}
      <ul
        aria-label="Classes"
        aria-busy={shown.isPending}
        className="grid max-h-96 grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-2 overflow-y-auto"
      >
        {shown.data?.map((node) => (
          <li key={node.id}>
            <ClassButton node={node} allowed={allowed} onClick={() => choose(node)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface ClassButtonProps {
  node: ClassNode;
  allowed: boolean;
  onClick: () => void;
}

function ClassButton({ node, allowed, onClick }: ClassButtonProps) {
  const images = plural(node.count ?? 0, "image");
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex size-full cursor-pointer items-center gap-2 rounded-control border p-1.5 text-left hover:bg-panel"
    >
      <span className="size-12 shrink-0 overflow-hidden rounded-control bg-panel">
        {node.example && allowed && (
          <img
            src={node.example}
            alt=""
            loading="lazy"
            decoding="async"
            className="size-full object-cover"
          />
        )}
      </span>
      <span className="min-w-0 text-13">
        <span className="block wrap-anywhere">{node.name}</span>
        <span className="block text-12 text-muted tabular-nums">
          {node.children > 0 && `${plural(node.classes, "class", "classes")}, `}
          {node.count != null && images}
        </span>
      </span>
    </button>
  );
}
