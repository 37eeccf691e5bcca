import { X } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { formatDate } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";

/** Whom something is shared with; without an address everybody. */
interface Share {
  email?: string | null;
  shared_at: string;
}

export interface SharingChange {
  emails?: string[];
  everybody?: boolean;
  /** Of one person; null of all. */
  takeBack?: string | null;
}

interface SharingFormProps {
  shares: readonly Share[];
  onChange: (change: SharingChange) => Promise<unknown>;
  busy: boolean;
  error: unknown;
  /** What it says while it is shared with nobody. */
  nobody: string;
  /** What is to be known before. */
  children?: ReactNode;
}

/** Whom something is shared with, and how that is changed. */
export function SharingForm({ shares, onChange, busy, error, nobody, children }: SharingFormProps) {
  const withAll = shares.some(({ email }) => email == null);
  // What went wrong is told below.
  const change = (wanted: SharingChange) => void onChange(wanted).catch(() => undefined);
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      {children}
      <WithPerson onShare={(email) => onChange({ emails: [email] })} />
      {!withAll && (
        <Button disabled={busy} onClick={() => change({ everybody: true })}>
          Share with everybody on this server
        </Button>
      )}
      {error != null && <ProblemBox problem={asProblem(error)} />}
      <ul aria-label="Shared with" className="grid grid-cols-1 gap-1">
        {shares.map(({ email, shared_at }) => (
          <li key={email ?? "*"} className="flex items-center justify-between gap-2">
            <span className="min-w-0 wrap-anywhere">
              {email ?? "Everybody on this server"}{" "}
              <span className="text-13 text-muted">since {formatDate(shared_at)}</span>
            </span>
            {email != null && (
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Take it back from ${email}`}
                title="Take it back"
                onClick={() => change({ takeBack: email })}
              >
                <X aria-hidden />
              </Button>
            )}
          </li>
        ))}
      </ul>
      {shares.length > 0 ? (
        <Button variant="danger" disabled={busy} onClick={() => change({ takeBack: null })}>
          Take it back from all
        </Button>
      ) : (
        <p className="text-13 text-muted">{nobody}</p>
      )}
    </div>
  );
}

function WithPerson({ onShare }: { onShare: (email: string) => Promise<unknown> }) {
  const [email, setEmail] = useState("");
  function submit(event: FormEvent) {
    event.preventDefault();
    onShare(email.trim()).then(
      () => setEmail(""),
      () => undefined, // it is told above
    );
  }
  return (
    <form className="grid gap-2" onSubmit={submit}>
      <Field
        label="E-mail of an account here"
        type="email"
        required
        maxLength={320}
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Button type="submit" variant="primary" disabled={!email.trim()}>
        Share
      </Button>
    </form>
  );
}
