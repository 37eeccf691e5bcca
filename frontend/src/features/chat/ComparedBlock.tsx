import type { Comparison } from "@/api/types";
import { CompareLink } from "@/features/compare/CompareLink";
import { CompareTable } from "@/features/compare/CompareTable";
import { ScrollBox } from "@/features/library/ScrollBox";

/** What everybody looks at first, whether it differs or not. */
const ALWAYS = new Set(["license", "size", "rows", "updated"]);

/** The facts that matter between datasets, as they were then; all of it is on a screen of its own. */
export function ComparedBlock({ comparison }: { comparison: Comparison }) {
  const facts = comparison.facts.filter(
    (fact) => fact.name !== "here" && (ALWAYS.has(fact.name) || fact.differs),
  );
  return (
    <div className="grid grid-cols-1 gap-2">
      <ScrollBox label="Comparison" className="overscroll-x-contain">
        <CompareTable
          comparison={comparison}
          facts={facts}
          columns={[]}
          under={({ problem }) => problem && <p className="text-bad">{problem.detail}</p>}
        />
      </ScrollBox>
      <div className="justify-self-start">
        <CompareLink refs={comparison.datasets.map((one) => one.ref)} />
      </div>
    </div>
  );
}
