import { useMutation, useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useId, useState } from "react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { INPUT } from "@/ui/Field";
import { formatBytes, formatTime, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { DiskUse } from "./DiskUse";
import { LibraryTabs } from "./LibraryTabs";
import { PlanList } from "./PlanList";
import { type CleanupView, cleanupQuery, type PruneLimits, prunePlanQuery } from "./retention";

/** `/library/clean-up`: what goes by itself, and what may go now. */
export default function CleanupPage() {
  const cleanup = useQuery(cleanupQuery);
  return (
    <Screen wide title="Library" aside={<DiskUse />}>
      <LibraryTabs />
      <div className="grid max-w-3xl grid-cols-1 gap-6">
        <Prune />
        {cleanup.isError && <ProblemBox problem={asProblem(cleanup.error)} />}
        {cleanup.isPending && <Spinner label="Loading…" />}
        {cleanup.data && <Automatic cleanup={cleanup.data} />}
      </div>
    </Screen>
  );
}

const AGES = [
  [30, "a month"],
  [90, "three months"],
  [365, "a year"],
  [0, "however short a time"],
] as const;

/** A person's own prune; an admin's of everybody's datasets. */
function Prune() {
  const [days, setDays] = useState<number>(30);
  const [asking, setAsking] = useState(false);
  const id = useId();
  const limits: PruneLimits = { unused_days: days };
  const plan = useQuery(prunePlanQuery(limits));
  const count = plan.data?.datasets.length ?? 0;
  return (
    <Section
      title="Free up space"
      intro="Least recently used first. What is pinned stays, and so does what is being downloaded or read."
    >
      <div className="grid max-w-72 gap-1">
        <label htmlFor={id} className="text-13 font-medium">
          What was not used for
        </label>
        <select
          id={id}
          className={INPUT}
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          {AGES.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {plan.isError && <ProblemBox problem={asProblem(plan.error)} />}
      {plan.isPending && <Spinner label="Looking…" />}
      {plan.data && <PlanList plan={plan.data} />}
      {plan.data && count > 0 && (
        <div>
          <Button variant="danger" onClick={() => setAsking(true)}>
            <Trash2 aria-hidden /> Delete {plural(count, "dataset")}, free{" "}
            {formatBytes(plan.data.freed_bytes)}…
          </Button>
          <Dialog
            open={asking}
            onOpenChange={setAsking}
            title={`Delete ${plural(count, "dataset")}?`}
            alert
          >
            <Question
              limits={limits}
              ids={plan.data.datasets.map((one) => one.id)}
              onClose={() => setAsking(false)}
            />
          </Dialog>
        </div>
      )}
    </Section>
  );
}

interface QuestionProps {
  limits: PruneLimits;
  /** Those that were shown: nothing else goes. */
  ids: readonly string[];
  onClose: () => void;
}

function Question({ limits, ids, onClose }: QuestionProps) {
  const prune = useMutation({
    mutationFn: () =>
      answerOf(api.POST("/api/cleanup/prune", { body: { ...limits, only: [...ids] } })),
    onSuccess: ({ results, freed_bytes }) => {
      announce(`Deleting ${plural(results.length, "dataset")}: ${formatBytes(freed_bytes)}.`);
      onClose();
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ["library"] });
      void queryClient.invalidateQueries({ queryKey: ["storage"] });
    },
  });
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      <p>
        Their files will be deleted from this machine, for everybody on it. They can be downloaded
        again. What somebody uses or pins before its turn comes stays.
      </p>
      {prune.isError && <ProblemBox problem={asProblem(prune.error)} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep</Button>
        <Button variant="danger" disabled={prune.isPending} onClick={() => prune.mutate()}>
          Delete
        </Button>
      </div>
    </div>
  );
}

/** What an operator has set, and what that would remove now. */
function Automatic({ cleanup }: { cleanup: CleanupView }) {
  const { unused_days, quota_bytes, user_quota_bytes, used_bytes, my_used_bytes } = cleanup;
  const off = unused_days == null && quota_bytes == null && user_quota_bytes == null;
  return (
    <Section
      title="Automatic clean-up"
      intro={
        off
          ? "It is off: nothing goes by itself. An operator sets DATAFERRY_CLEANUP_UNUSED_DAYS, DATAFERRY_QUOTA_BYTES or DATAFERRY_USER_QUOTA_BYTES."
          : "What goes by itself is in the history of whoever had it."
      }
    >
      <ul className="grid gap-1 text-14">
        {unused_days != null && <li>Unused for {plural(unused_days, "day")}: removed.</li>}
        <li>
          All datasets: {formatBytes(used_bytes)}
          {quota_bytes != null && ` of ${formatBytes(quota_bytes)}`}
        </li>
        <li>
          Yours: {formatBytes(my_used_bytes)}
          {user_quota_bytes != null && ` of ${formatBytes(user_quota_bytes)}`}
        </li>
        {cleanup.last_run_at && <li>Last run: {formatTime(cleanup.last_run_at)}</li>}
      </ul>
      {!off && (
        <>
          <h3 className="text-14 font-medium">What would be removed now</h3>
          <PlanList plan={cleanup.plan} />
        </>
      )}
    </Section>
  );
}
