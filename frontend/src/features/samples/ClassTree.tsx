import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { DatasetSearch } from "@/features/library/datasetSearch";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { classesQuery, type SamplesPlace } from "./queries";

interface ClassTreeProps {
  place: SamplesPlace;
  onChoose: (change: DatasetSearch) => void;
}

interface Step {
  id: string;
  name: string;
}

const TOP: Step = { id: "root", name: "All" };

/** The classes as WordNet has them, from the general to the special: a step down for each kind, and the way
 * back up. */
export function ClassTree({ place, onChoose }: ClassTreeProps) {
  const [open, setOpen] = useState(false);
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary className="w-fit cursor-pointer text-14 font-medium">Classes as a tree</summary>
      {open && <Walk place={place} onChoose={onChoose} />}
    </details>
  );
}

function Walk({ place, onChoose }: ClassTreeProps) {
  const [path, setPath] = useState<readonly Step[]>([TOP]);
  const here = path.at(-1) ?? TOP;
  const below = useQuery(classesQuery(place, here.id));
  return (
    <div className="mt-2 grid gap-2 rounded-card border bg-card p-3">
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
      {below.error && <ProblemBox problem={asProblem(below.error)} />}
      <ul className="flex flex-wrap gap-2" aria-busy={below.isPending}>
        {below.data?.map((node) => (
          <li key={node.id}>
            <Button
              size="sm"
              onClick={() =>
                node.children > 0
                  ? setPath([...path, { id: node.id, name: node.name }])
                  : onChoose({ class: node.name, sample: undefined })
              }
            >
              {node.name}
              <span className="text-muted tabular-nums">
                {node.children > 0
                  ? plural(node.classes, "class", "classes")
                  : (node.count ?? 0).toLocaleString("en")}
              </span>
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
