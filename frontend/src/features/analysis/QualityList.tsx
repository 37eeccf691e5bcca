import { CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { QualityMeasure } from "@/api/types";
import { Section } from "@/ui/Section";
import { MEASURES } from "./words";

/** How good the picture is, as one would tell a colleague. */
export function QualityList({ measures }: { measures: readonly QualityMeasure[] }) {
  return (
    <Section title="Picture quality">
      <ul className="divide-y rounded-card border bg-card text-14">
        {measures.map(({ name, verdict, says }) => (
          <li key={name} className="flex items-start gap-2 px-3 py-2">
            <VerdictIcon verdict={verdict} />
            <span className="min-w-0">
              <span className="sr-only">{MEASURES[name]}: </span>
              {says}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function VerdictIcon({ verdict }: Pick<QualityMeasure, "verdict">) {
  const shape = "mt-0.5 size-4 shrink-0";
  if (verdict === "good") return <CircleCheck aria-hidden className={`${shape} text-ok`} />;
  if (verdict === "doubtful") return <Info aria-hidden className={`${shape} text-warn`} />;
  return <TriangleAlert aria-hidden className={`${shape} text-bad`} />;
}
