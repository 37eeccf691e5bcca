import { useQuery } from "@tanstack/react-query";
import { ChartColumn } from "lucide-react";
import { Button } from "@/ui/Button";
import { formatDate } from "@/ui/format";
import { computedFigures, type Figure, type Listed, listedFigures } from "./figures";
import { knownStatisticsQuery, type ReportPlace } from "./queries";

interface FigureStripProps {
  place: ReportPlace;
  samples: Listed;
  /** Lead to the statistics, which are then computed. */
  onStatistics: () => void;
}

/** A dataset of images or texts in its few chief figures: those that its list tells, and those that were
 * computed. */
export default function FigureStrip({ place, samples, onStatistics }: FigureStripProps) {
  const { data } = useQuery(knownStatisticsQuery(place));
  const computed = data?.current ? computedFigures(data) : [];
  const pictured = samples.task_type !== "text";
  return (
    <section
      aria-label="In figures"
      className="flex flex-wrap items-end gap-x-8 gap-y-3 rounded-card border bg-card px-4 py-3"
    >
      <dl className="contents">
        {[...listedFigures(samples), ...computed].map(([name, value]: Figure) => (
          <div key={name} className="min-w-0">
            <dt className="text-12 text-muted">{name}</dt>
            <dd className="text-15 font-semibold wrap-anywhere tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {data?.current && data.of && (
        <p className="text-12 text-muted">Computed {formatDate(data.of.made_at)}</p>
      )}
      {pictured && data && !data.current && (
        <Button size="sm" onClick={onStatistics}>
          <ChartColumn aria-hidden />
          {data.state === "computing" ? "Being computed…" : "Compute sizes and more"}
        </Button>
      )}
    </section>
  );
}
