import { TriangleAlert } from "lucide-react";
import type { LicenceSummary } from "@/api/types";

/** A licence and what weighs most of it, never cut: "CC BY-NC 4.0 · no commercial use". */
export function LicenceText({ licence }: { licence: LicenceSummary }) {
  const careful = licence.commercial === "forbidden" || licence.commercial === "unknown";
  const sign = <TriangleAlert aria-hidden className="mr-1 inline size-3.5 align-[-0.15em]" />;
  if (!licence.stated) {
    return (
      <span className="text-warn">
        {sign}
        {licence.name}
      </span>
    );
  }
  return (
    <>
      <span className="sr-only">Licence: </span>
      {licence.name} ·{" "}
      <span className={careful ? "text-warn" : "text-muted"}>
        {careful && sign}
        {licence.short}
      </span>
    </>
  );
}
