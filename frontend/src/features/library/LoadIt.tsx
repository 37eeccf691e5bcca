import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { snippetsQuery } from "@/api/queries";
import { store, stored } from "@/api/storage";
import type { DatasetView, Snippet } from "@/api/types";
import { CodeBlock } from "@/ui/CodeBlock";
import { CopyButton } from "@/ui/CopyButton";
import { Picker } from "@/ui/Picker";
import { Section } from "@/ui/Section";

/** The library that was chosen last, for all datasets. */
const KEPT = "loader";
/** The code that names the path, which needs nothing of ours. */
const BY_PATH = "path";

interface LoadItProps {
  /** As its address has it: a key, or the id of a row. */
  name: string;
  revision?: string;
  dataset: DatasetView;
}

/** The code that loads it, in the library that a person works with, and where its files are. */
export function LoadIt({ name, revision, dataset }: LoadItProps) {
  const { data } = useQuery(snippetsQuery(name, revision));
  const [kept, setKept] = useState(() => stored(KEPT));
  const offered = [...(data?.snippets ?? []), ...byPath(dataset)];
  const chosen = offered.find(({ loader }) => loader === kept) ?? offered[0];
  return (
    <Section
      title="Load it"
      aside={
        chosen && (
          <Picker
            label="With"
            value={chosen.loader}
            onChoose={(loader) => {
              store(KEPT, loader);
              setKept(loader);
            }}
          >
            {offered.map(({ loader, label }) => (
              <option key={loader} value={loader}>
                {label}
              </option>
            ))}
          </Picker>
        )
      }
    >
      {chosen && (
        <>
          <CodeBlock code={chosen.code} what="code that loads it" />
          <p className="text-13 text-muted">{where(chosen)}</p>
        </>
      )}
      {dataset.local_path && (
        <p className="flex min-w-0 items-center gap-1 rounded-card border bg-panel py-1 pr-1 pl-3">
          <span className="min-w-0 flex-1 font-mono text-13 wrap-anywhere">
            {dataset.local_path}
          </span>
          <CopyButton text={dataset.local_path} what="path" />
        </p>
      )}
    </Section>
  );
}

type Offered = Pick<Snippet, "label" | "code" | "install" | "server"> & { loader: string };

function byPath({ snippet }: DatasetView): Offered[] {
  return snippet ? [{ loader: BY_PATH, label: "the path alone", code: snippet, server: true }] : [];
}

/** Where it runs, and what it needs. */
function where({ server, install, loader }: Offered): string {
  const needs = install ? ` It needs ${install}` : "";
  if (loader === BY_PATH) return "Runs on the server, without Dataferry.";
  if (server) return `Runs on the server.${needs}`;
  return `Runs on the server, and on any machine where DATAFERRY_SERVER=${window.location.origin} and DATAFERRY_TOKEN are set.${needs}`;
}
