import { Link } from "@tanstack/react-router";
import { Button } from "@/ui/Button";
import { formatBytes, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { ProgressBar } from "@/ui/ProgressBar";
import { type SendingState, sending } from "./sending";

const WORDS: Record<SendingState["phase"], string> = {
  idle: "",
  sending: "Sending",
  waiting: "The line is down: it goes on by itself",
  paused: "Paused",
  failed: "Not all of it could be sent",
  sent: "All of it has arrived, and is being verified",
};
const TONES = {
  sending: "accent",
  waiting: "warn",
  paused: "idle",
  failed: "bad",
  sent: "ok",
} as const;
const SHOWN = 10;

/** How far a folder is on its way up. */
export function SendingCard({ state, onDone }: { state: SendingState; onDone: () => void }) {
  const { phase, title, sent, total, now, failed, problem, ticket } = state;
  const goes = phase === "sending" || phase === "waiting";
  return (
    <section aria-label={title} className="grid gap-3 rounded-card border bg-card p-4 text-14">
      <h2 dir="auto" className="font-semibold wrap-anywhere">
        {title}
      </h2>
      <p aria-live="polite">{WORDS[phase]}</p>
      <ProgressBar
        label={`${title} is sent`}
        value={total > 0 ? (100 * sent) / total : phase === "sent" ? 100 : 0}
        tone={phase === "idle" ? "idle" : TONES[phase]}
      />
      <p className="text-13 text-muted">
        {formatBytes(sent)} of {formatBytes(total)}
      </p>
      {goes && now.length > 0 && (
        <ul aria-label="On their way" className="text-13 text-muted">
          {now.map((label) => (
            <li key={label} dir="auto" className="truncate">
              {label}
            </li>
          ))}
        </ul>
      )}
      {problem && <ProblemBox problem={problem} />}
      {failed.length > 0 && (
        <ul aria-label="Could not be sent" className="grid gap-1 text-13">
          <li className="font-medium">{plural(failed.length, "file")} could not be sent:</li>
          {failed.slice(0, SHOWN).map((one) => (
            <li key={one.path} dir="auto" className="wrap-anywhere">
              {one.path}: {one.problem.detail}
            </li>
          ))}
        </ul>
      )}
      <p className="flex flex-wrap gap-2">
        {goes && <Button onClick={() => sending.pause()}>Pause</Button>}
        {phase === "paused" && <Button onClick={() => sending.goOn()}>Go on</Button>}
        {phase === "failed" && <Button onClick={() => sending.goOn()}>Try again</Button>}
        {phase === "sent" && ticket && (
          <Link
            to="/library/$key"
            params={{ key: ticket.key }}
            className="inline-flex min-h-9 items-center text-accent underline underline-offset-2"
          >
            Open the dataset
          </Link>
        )}
        {!goes && (
          <Button onClick={onDone}>
            {phase === "sent" ? "Add another" : "Choose another folder"}
          </Button>
        )}
      </p>
    </section>
  );
}
