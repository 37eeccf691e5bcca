import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { indexCostsQuery, indexQuery } from "@/api/queries";
import type { IndexCost, IndexSource, IndexView, JobView } from "@/api/types";
import { JobActions } from "@/features/downloads/JobButtons";
import { JobStatus } from "@/features/downloads/JobStatus";
import { announce } from "@/ui/announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ExternalLink } from "@/ui/ExternalLink";
import { formatCount } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { costWords, indexWords, scheduleWords } from "./indexWords";

/** Of the sources' settings: both hubs' whole catalogues on this machine. */
export function SearchIndex() {
  const index = useQuery(indexQuery);
  return (
    <Section
      title="Search index"
      intro="Search all of both hubs here: every public dataset, in milliseconds, without network or quota."
    >
      {index.isError && <ProblemBox problem={asProblem(index.error)} />}
      {index.isPending && <Spinner label="Loading…" />}
      {index.data && <Content index={index.data} />}
    </Section>
  );
}

const STATES: Record<IndexView["state"], { word: string; tone: "ok" | "warn" | "plain" }> = {
  absent: { word: "none yet", tone: "plain" },
  building: { word: "being built", tone: "plain" },
  ready: { word: "in use", tone: "ok" },
  outdated: { word: "must be built again", tone: "warn" },
  broken: { word: "must be built again", tone: "warn" },
};

function Content({ index }: { index: IndexView }) {
  const { state, job } = index;
  const missing = state !== "ready";
  const wanted = index.may_change && missing && !job?.active;
  const costs = useQuery({ ...indexCostsQuery, enabled: wanted }).data?.costs;
  const problems = index.sources.some((source) => source.problem);
  const { word, tone } = STATES[state];
  return (
    <div className="grid grid-cols-1 gap-2 rounded-card border bg-card p-3 text-14">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={tone}>{word}</Badge>
        {state === "ready" && <span>{indexWords(index)}</span>}
      </p>
      {index.problem && <p className="wrap-anywhere">{index.problem}</p>}
      {wanted && (
        <p className="text-muted">
          {costs ? costWords(costs) : "Asking the hubs what it would cost…"}
        </p>
      )}
      <ul className="grid grid-cols-1 gap-1 text-13">
        {index.sources.map((source) => (
          <SourceLine
            key={source.source}
            source={source}
            cost={costs?.find((one) => one.source === source.source)}
          />
        ))}
      </ul>
      {job && (
        <div className="flex flex-wrap items-start justify-between gap-2 border-t pt-2">
          <div className="min-w-0 flex-1 basis-60">
            <JobStatus job={problems ? withoutNote(job) : job} />
          </div>
          {job.active && index.job_mine && (
            <span className="flex gap-1">
              <JobActions job={job} size="sm" />
            </span>
          )}
        </div>
      )}
      {state === "ready" && <p className="text-13 text-muted">{scheduleWords(index)}</p>}
      {index.may_change ? (
        !job?.active && <Acts index={index} />
      ) : (
        <p className="text-13 text-muted">
          {missing && !job?.active
            ? "An admin of this server can build it."
            : "An admin of this server keeps it."}
        </p>
      )}
    </div>
  );
}

/** What its note says of a hub is said beside that hub already. */
function withoutNote(job: JobView): JobView {
  return { ...job, progress: { ...job.progress, note: null } };
}

/** One hub's part: how many, whose work and under which licence, and why it is missing. */
function SourceLine({ source, cost }: { source: IndexSource; cost?: IndexCost }) {
  const problem = source.problem ?? cost?.problem;
  return (
    <li className="wrap-anywhere">
      <p className="text-muted">
        {source.datasets != null && (
          <span className="text-fg">{formatCount(source.datasets)} datasets · </span>
        )}
        {source.attribution} {cost?.license && `Licence ${cost.license}.`}{" "}
        <ExternalLink href={source.url}>Its page</ExternalLink>
      </p>
      {problem && (
        <ProblemBox
          title={
            source.datasets == null ? `Without ${source.label}` : `${source.label} is not updated`
          }
          problem={problem}
        />
      )}
    </li>
  );
}

function Acts({ index }: { index: IndexView }) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: indexQuery.queryKey });
  const build = useMutation({
    mutationFn: () => answerOf(api.POST("/api/index")),
    onSuccess: () => {
      announce("The search index is being built.");
      return refresh();
    },
  });
  const remove = useMutation({
    mutationFn: () => answerOf(api.DELETE("/api/index")),
    onSuccess: () => {
      announce("The search index is removed.");
      return refresh();
    },
  });
  const problem = build.error ?? remove.error;
  const there = index.state !== "absent" && index.state !== "building";
  return (
    <>
      <p className="flex flex-wrap items-center gap-2">
        <Button
          size="sm"
          variant={there ? "outline" : "primary"}
          disabled={build.isPending}
          onClick={() => build.mutate()}
        >
          {build.isPending ? "Starting…" : index.state === "ready" ? "Update" : "Build"}
        </Button>
        {there && (
          <Button size="sm" disabled={remove.isPending} onClick={() => remove.mutate()}>
            Remove
          </Button>
        )}
      </p>
      {problem && <ProblemBox problem={asProblem(problem)} />}
    </>
  );
}
