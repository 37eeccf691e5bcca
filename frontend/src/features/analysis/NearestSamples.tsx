import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { libraryQuery } from "@/api/queries";
import type { LikeSample, LikeSamples, Problem } from "@/api/types";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useMediaAccess } from "@/features/tables/useMediaAccess";
import { plural } from "@/ui/format";
import { Picker } from "@/ui/Picker";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";

interface NearestSamplesProps {
  nearest: LikeSamples | null | undefined;
  loading: boolean;
  problem: Problem | undefined;
  /** The key of the one that was chosen; undefined: the usual one of the category. */
  dataset: string | undefined;
  onChoose: (dataset: string | undefined) => void;
}

/** The samples of a dataset that look most like the picture. */
export function NearestSamples(props: NearestSamplesProps) {
  const { nearest, loading, problem } = props;
  return (
    <Section
      title="Most like it"
      intro="By what pictures look like in small, which says nothing of what they show. Unrelated ones differ in some 64 of 128 bits."
    >
      <DatasetPicker {...props} />
      {problem && <ProblemBox problem={problem} />}
      {loading && !problem && <Spinner label="Comparing…" />}
      {!nearest && !loading && !problem && (
        <p className="text-14 text-muted">Choose a dataset of yours to compare it with.</p>
      )}
      {nearest && !problem && <Compared nearest={nearest} />}
    </Section>
  );
}

function DatasetPicker({ dataset, onChoose }: NearestSamplesProps) {
  const { data } = useQuery(libraryQuery());
  return (
    <Picker
      label="Compare with"
      value={dataset ?? ""}
      onChoose={(key) => onChoose(key || undefined)}
    >
      <option value="">the usual dataset</option>
      {data?.datasets
        .filter(({ downloaded }) => downloaded)
        .map(({ key, title }) => (
          <option key={key} value={key}>
            {title}
          </option>
        ))}
    </Picker>
  );
}

function Compared({ nearest }: { nearest: LikeSamples }) {
  const here = nearest.state !== "absent";
  const allowed = useMediaAccess({ key: nearest.key }, here && nearest.samples.length > 0);
  return (
    <div className="grid grid-cols-1 gap-3">
      {nearest.reason && (
        <p className="text-14">
          {nearest.reason} {nearest.next_step}
        </p>
      )}
      {nearest.job?.active && <JobStatus job={nearest.job} />}
      <p className="text-13 text-muted">
        <DatasetLink nearest={nearest}>{here ? nearest.title : `See ${nearest.title}`}</DatasetLink>
        {nearest.compared > 0 && `: ${plural(nearest.compared, "picture")} compared`}
        {nearest.state === "stopped" && ". Measuring its pictures was stopped."}
      </p>
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-6">
        {nearest.samples.map((sample) => (
          <li key={`${sample.split} ${sample.number}`} className="min-w-0">
            <Near sample={sample} allowed={allowed !== undefined} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function DatasetLink({ nearest, children }: { nearest: LikeSamples; children: ReactNode }) {
  return (
    <Link to="/library/$key" params={{ key: nearest.key }} className="underline">
      {children}
    </Link>
  );
}

function Near({ sample, allowed }: { sample: LikeSample; allowed: boolean }) {
  const [failed, setFailed] = useState(false);
  const { label, split, name, differing_bits: bits } = sample;
  return (
    <figure className="grid grid-cols-1 gap-1 text-12">
      <div className="flex aspect-square items-center justify-center overflow-hidden rounded-card border bg-panel">
        {allowed && !failed && (
          <img
            src={sample.thumbnail}
            alt={label ?? name}
            loading="lazy"
            onError={() => setFailed(true)}
            className="size-full object-contain"
          />
        )}
        {failed && <span className="text-muted">It cannot be shown.</span>}
      </div>
      <figcaption className="grid grid-cols-1 gap-0.5">
        <bdi className="text-14 font-medium wrap-anywhere">{label ?? "No label"}</bdi>
        <span className="text-muted tabular-nums">
          {bits} of 128 bits differ · {split}
        </span>
        <bdi className="truncate font-mono text-muted" title={name}>
          {name}
        </bdi>
      </figcaption>
    </figure>
  );
}
