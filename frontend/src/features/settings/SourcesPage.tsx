import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { asProblem } from "@/api/problem";
import { appQuery, sourcesQuery } from "@/api/queries";
import type { SourceStatus } from "@/api/types";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { SourceCredential } from "./SourceCredential";

/** `/settings/sources` */
export default function SourcesPage() {
  const sources = useQuery(sourcesQuery);
  const { data: app } = useQuery(appQuery);
  return (
    <>
      <Section
        title="Sources"
        intro="Where datasets come from. Your own key comes before the server's, which all its accounts share."
        aside={
          <Button onClick={() => void sources.refetch()} disabled={sources.isFetching}>
            <RefreshCw aria-hidden /> Check again
          </Button>
        }
      >
        {sources.isError && <ProblemBox problem={asProblem(sources.error)} />}
        {sources.isPending && <Spinner label="Asking the sources…" />}
        <ul className="grid grid-cols-1 gap-2">
          {sources.data?.map((source) => (
            <SourceRow key={source.name} source={source} />
          ))}
        </ul>
      </Section>
      {app && (
        <Section title="Language model">
          <p className="text-14">
            {app.model === "planner" ? (
              <>
                None is set: keyword search answers. To have a model answer, set{" "}
                <code className="font-mono text-13">GOOGLE_API_KEY</code>, or{" "}
                <code className="font-mono text-13">DATAFERRY_MODEL</code> for another one, and
                start the server again.
              </>
            ) : (
              <>
                <span className="font-mono text-13">{app.model}</span> answers; keyword search steps
                in where it fails.
              </>
            )}
          </p>
        </Section>
      )}
    </>
  );
}

const STATES: Record<SourceStatus["state"], { word: string; tone: "ok" | "warn" | "plain" }> = {
  connected: { word: "connected", tone: "ok" },
  anonymous: { word: "without an account", tone: "plain" },
  unreachable: { word: "cannot be reached", tone: "warn" },
  ready: { word: "ready", tone: "ok" },
};

/** What each source gives, and what an account there adds. */
const ABOUT: Record<SourceStatus["name"], string> = {
  kaggle: "Public datasets work without an account.",
  huggingface: "Public datasets work without an account; gated ones need a token.",
  builtin: "Samples that ship with Dataferry, always available.",
  url: "Any URL of a file, over https or http.",
};

function SourceRow({ source }: { source: SourceStatus }) {
  const { word, tone } = STATES[source.state];
  return (
    <li className="grid grid-cols-1 gap-1 rounded-card border bg-card p-3 text-14">
      <p className="flex flex-wrap items-center gap-2">
        <strong className="font-semibold">{source.label}</strong>
        <Badge tone={tone}>{word}</Badge>
        {source.account && <span className="text-13 text-muted">as {source.account}</span>}
        {source.own && <span className="text-13 text-muted">with your own key</span>}
      </p>
      {source.problem ? (
        <p className="wrap-anywhere">{source.problem}</p>
      ) : (
        <p className="text-muted">{ABOUT[source.name]}</p>
      )}
      {source.next_step && <p className="text-13 text-muted wrap-anywhere">{source.next_step}</p>}
      {(source.name === "kaggle" || source.name === "huggingface") && (
        <SourceCredential source={source} hub={source.name} />
      )}
    </li>
  );
}
