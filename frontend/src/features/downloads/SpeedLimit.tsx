import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Gauge } from "lucide-react";
import { type FormEvent, useLayoutEffect, useRef, useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { speedLimitsQuery } from "@/api/queries";
import type { SpeedLimits } from "@/api/types";
import { useMe } from "@/features/accounts/useSession";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { KeepFocus } from "@/ui/KeepFocus";
import { ProblemBox } from "@/ui/ProblemBox";
import { limitsFrom, limitText, nightOf, shownMegabytes } from "./speedText";

/** How fast all downloads together may be: shown to everybody where there is a limit, set by admins. */
export function SpeedLimit() {
  const admin = useMe()?.admin ?? false;
  const { data: limits } = useQuery(speedLimitsQuery);
  const [open, setOpen] = useState(false);
  if (!limits) return null;
  return (
    <KeepFocus of={open ? "form" : "words"}>
      {open ? (
        <LimitForm limits={limits} onClose={() => setOpen(false)} />
      ) : (
        <LimitLine limits={limits} onChange={admin ? () => setOpen(true) : undefined} />
      )}
    </KeepFocus>
  );
}

function LimitLine({ limits, onChange }: { limits: SpeedLimits; onChange?: () => void }) {
  const words = limitText(limits);
  if (!onChange && !words) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-13 text-muted">
      <p className="flex items-center gap-1.5 [&_svg]:size-4">
        <Gauge aria-hidden /> Speed limit: {words ?? "none"}
      </p>
      {onChange && (
        <Button size="sm" onClick={onChange} aria-label="Change the speed limit">
          Change
        </Button>
      )}
    </div>
  );
}

function LimitForm({ limits, onClose }: { limits: SpeedLimits; onClose: () => void }) {
  const client = useQueryClient();
  const [fault, setFault] = useState<string>();
  const [from, to] = nightOf(limits);
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => form.current?.querySelector("input")?.focus(), []);
  function done(answer: SpeedLimits) {
    client.setQueryData(speedLimitsQuery.queryKey, answer);
    announce(`Speed limit: ${limitText(answer) ?? "none"}.`);
    onClose();
  }
  const set = useMutation({
    mutationFn: (body: Omit<SpeedLimits, "set_by">) =>
      answerOf(api.PUT("/api/transfer/limits", { body })),
    onSuccess: done,
  });
  const reset = useMutation({
    mutationFn: () => answerOf(api.DELETE("/api/transfer/limits")),
    onSuccess: done,
  });
  const error = set.error ?? reset.error;
  const busy = set.isPending || reset.isPending;

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const read = limitsFrom((name) => String(given.get(name) ?? "").trim());
    setFault(typeof read === "string" ? read : undefined);
    if (typeof read !== "string") set.mutate(read);
  }

  return (
    <form
      ref={form}
      onSubmit={submit}
      noValidate
      aria-label="Speed limit"
      className="grid grid-cols-1 gap-3 rounded-card border bg-card p-3"
    >
      <div className="flex flex-wrap gap-3 *:w-36">
        <Field
          label="All downloads, MB/s"
          name="speed"
          inputMode="decimal"
          placeholder="no limit"
          autoComplete="off"
          defaultValue={shownMegabytes(limits.bytes_per_s)}
        />
        <Field label="Night, from" name="from" type="time" defaultValue={from} />
        <Field label="Night, to" name="to" type="time" defaultValue={to} />
        <Field
          label="At night, MB/s"
          name="night"
          inputMode="decimal"
          placeholder="no limit"
          autoComplete="off"
          defaultValue={shownMegabytes(limits.night_bytes_per_s)}
        />
      </div>
      <p className="text-13 text-muted">
        It counts at once, for downloads under way too. The night is in the server's time.
      </p>
      {fault && (
        <p role="alert" className="text-13 text-bad">
          {fault}
        </p>
      )}
      {error && <ProblemBox problem={asProblem(error)} />}
      <p className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" size="sm" disabled={busy}>
          {set.isPending ? "Setting…" : "Set"}
        </Button>
        {limits.set_by === "admin" && (
          <Button size="sm" disabled={busy} onClick={() => reset.mutate()}>
            Back to the server's settings
          </Button>
        )}
        <Button size="sm" onClick={onClose}>
          Cancel
        </Button>
      </p>
    </form>
  );
}
