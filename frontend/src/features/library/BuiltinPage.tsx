import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { asProblem } from "@/api/problem";
import { pluginsQuery } from "@/api/queries";
import type { PluginFaultView, PluginView } from "@/api/types";
import { DatasetCard } from "@/features/chat/DatasetCard";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Spinner } from "@/ui/Spinner";
import { LibraryTabs } from "./LibraryTabs";
import { declaredText } from "./pluginText";

/** `/library/built-in` */
export default function BuiltinPage() {
  const list = useQuery(pluginsQuery);
  return (
    <Screen title="Library">
      <LibraryTabs />
      {list.isError && (
        <ProblemBox problem={asProblem(list.error)}>
          <Button size="sm" onClick={() => void list.refetch()}>
            Retry
          </Button>
        </ProblemBox>
      )}
      {list.isPending && <Spinner label="Loading…" />}
      {list.data && list.data.faults.length > 0 && <Faults faults={list.data.faults} />}
      {list.data && <Plugins plugins={list.data.plugins} />}
    </Screen>
  );
}

function Plugins({ plugins }: { plugins: readonly PluginView[] }) {
  return (
    <ul aria-label="Built-in datasets" className="grid grid-cols-1 gap-2">
      {plugins.map((plugin) => (
        <DatasetCard key={plugin.name} card={{ ...plugin.card, why: declaredText(plugin) }} />
      ))}
    </ul>
  );
}

/** Files that look like plugins and are left out: whoever wrote one looks for it here. */
function Faults({ faults }: { faults: readonly PluginFaultView[] }) {
  return (
    <section aria-labelledby="left-out" className="rounded-card border border-warn px-4 py-3">
      <h2 id="left-out" className="flex items-center gap-2 text-15 font-semibold">
        <TriangleAlert aria-hidden className="size-4 text-warn" />
        {plural(faults.length, "plugin")} left out
      </h2>
      <ul className="mt-2 grid gap-2 text-13">
        {faults.map((fault) => (
          <li key={`${fault.file}:${fault.name}`} className="wrap-anywhere">
            <span dir="ltr" className="font-mono">
              {fault.file}
              {fault.line !== null && `:${fault.line}`}
            </span>
            <br />
            {fault.detail} {fault.next_step}
          </li>
        ))}
      </ul>
    </section>
  );
}
