import { Shield, ShieldAlert, ShieldCheck } from "lucide-react";
import type { DatasetView } from "@/api/types";
import { Badge } from "@/ui/Badge";
import { type Grade, gradeBrief, gradeText, gradeWords } from "./grades";

interface GradeBadgeProps {
  /** Null for what was downloaded before grades were kept. */
  grade: Grade | null | undefined;
  /** A word or two to see; the rest is in the title, and for screen readers. */
  brief?: boolean;
}

/** That a dataset is here, and whole as far as is known; else what is wrong with its files. */
export function CopyBadge({ dataset, brief }: { dataset: DatasetView; brief?: boolean }) {
  const { condition } = dataset;
  if (condition !== "damaged" && condition !== "unsure") {
    return <GradeBadge grade={dataset.grade} brief={brief} />;
  }
  return (
    <Badge tone={condition === "damaged" ? "bad" : "warn"}>
      <ShieldAlert aria-hidden />
      <span title={dataset.error ?? "Files were written to since they were verified: verify them"}>
        {condition === "damaged" ? "damaged" : "to be verified"}
      </span>
    </Badge>
  );
}

/** That a dataset is here, and whose word its checksums are. */
export function GradeBadge({ grade, brief = false }: GradeBadgeProps) {
  if (!grade) {
    return (
      <Badge tone="ok">
        <ShieldCheck aria-hidden /> verified
      </Badge>
    );
  }
  const Icon = grade === "recorded" ? Shield : ShieldCheck;
  return (
    <Badge tone={grade === "recorded" ? "plain" : "ok"}>
      <Icon aria-hidden />
      <span title={gradeText(grade)} className={brief ? "whitespace-nowrap" : undefined}>
        <span aria-hidden={brief || undefined}>
          {brief ? gradeBrief(grade) : gradeWords(grade)}
        </span>
        {brief && <span className="sr-only">{gradeWords(grade)}</span>}
      </span>
    </Badge>
  );
}
