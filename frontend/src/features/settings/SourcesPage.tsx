import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import { asProblem } from "@/api/problem";
import { sourcesQuery } from "@/api/queries";
import type { SourceStatus } from "@/api/types";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatTime } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { SearchIndex } from "./SearchIndex";
import { SourceCredential } from "./SourceCredential";

/** `/settings/sources`, and `#kaggle` where somebody is led to a hub's key. */
export default function SourcesPage() {
  return (
    <>
      <Sources />
      <div id="index">
        <SearchIndex />
      </div>
    </>
  );
}

function Sources() {
  const sources = useQuery(sourcesQuery);
  return (
    <Section
      title="Sources"
      intro="Where datasets come from. Your own key is used before the server's, which all accounts share."
      aside={
        <Button onClick={() => void sources.refetch()} disabled={sources.isFetching}>
          <RefreshCw aria-hidden /> Refresh
        </Button>
      }
    >
      {sources.isError && <ProblemBox problem={asProblem(sources.error)} />}
      {sources.isPending && <Spinner label="Checking the sources…" />}
      <ul className="grid grid-cols-1 gap-2">
        {sources.data?.map((source) => (
          <SourceRow key={source.name} source={source} />
        ))}
      </ul>
    </Section>
  );
}

const STATES: Record<SourceStatus["state"], { word: string; tone: "ok" | "warn" | "plain" }> = {
  connected: { word: "connected", tone: "ok" },
  anonymous: { word: "no account", tone: "plain" },
  unreachable: { word: "unreachable", tone: "warn" },
  ready: { word: "ready", tone: "ok" },
};

/** What each source gives, and what an account there adds. */
const ABOUT: Record<SourceStatus["name"], string> = {
  kaggle: "Public datasets work without an account.",
  huggingface: "Public datasets work without an account; gated ones need a token.",
  builtin: "Samples that ship with Dataferry, always available.",
  url: "Any file by its URL, over https or http.",
  upload: "Folders that people here have added.",
};

function SourceRow({ source }: { source: SourceStatus }) {
  const wanted = useLocation({ select: ({ hash }) => hash }) === source.name;
  const { word, tone } =
    source.problem && source.state === "connected" ? REFUSED : STATES[source.state];
  return (
    <li className="grid grid-cols-1 gap-1 rounded-card border bg-card p-3 text-14">
      <p className="flex flex-wrap items-center gap-2">
        <strong className="font-semibold">{source.label}</strong>
        <Badge tone={tone}>{word}</Badge>
        {source.account && <span className="text-13 text-muted">as {source.account}</span>}
        {source.own && (
          <span className="text-13 text-muted">
            with your own key,{" "}
            {source.last_used_at ? `last used ${formatTime(source.last_used_at)}` : "not used yet"}
          </span>
        )}
      </p>
      {source.problem ? (
        <p className="wrap-anywhere">{source.problem}</p>
      ) : (
        <p className="text-muted">{ABOUT[source.name]}</p>
      )}
      {source.problem && source.next_step && (
        <p className="text-13 text-muted wrap-anywhere">{source.next_step}</p>
      )}
      {(source.name === "kaggle" || source.name === "huggingface") && (
        <SourceCredential key={`${wanted}`} source={source} hub={source.name} wanted={wanted} />
      )}
    </li>
  );
}

/** A key that its hub does not take is no connection. */
const REFUSED = { word: "key not accepted", tone: "warn" } as const;
