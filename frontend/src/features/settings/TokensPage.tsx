import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { tokensQuery } from "@/api/queries";
import type { PersonalToken } from "@/api/types";
import { hubSettings } from "@/features/library/hubCode";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { CodeBlock } from "@/ui/CodeBlock";
import { EmptyState } from "@/ui/EmptyState";
import { formatDate, formatTime } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { AssistantSetup } from "./AssistantSetup";
import { NewTokenDialog } from "./NewTokenDialog";
import { RevokeDialog } from "./RevokeDialog";

/** `/settings/tokens`: what scripts show in place of a password. */
export default function TokensPage() {
  const { data: tokens, error } = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<PersonalToken>();
  return (
    <>
      <Section
        title="Tokens"
        intro="For scripts and other programs, in place of your password."
        aside={
          <Button onClick={() => setMaking(true)}>
            <Plus aria-hidden /> New token
          </Button>
        }
      >
        {error && <ProblemBox problem={asProblem(error)} />}
        {!tokens && !error && <Spinner label="Loading tokens…" />}
        {tokens?.length === 0 && (
          <EmptyState icon={KeyRound} title="No tokens">
            A program sends one as <code>Authorization: Bearer</code>. You can revoke it at any
            time.
          </EmptyState>
        )}
        {tokens && tokens.length > 0 && (
          <ul className="divide-y rounded-card border bg-card" aria-label="Tokens">
            {tokens.map((token) => (
              <Row key={token.id} token={token} onRevoke={() => setRevoking(token)} />
            ))}
          </ul>
        )}
        <NewTokenDialog open={making} onClose={() => setMaking(false)} />
        <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} />
      </Section>
      <Section
        title="Code for the HuggingFace Hub"
        intro="With these two lines it reads this library, unchanged."
      >
        <CodeBlock code={hubSettings(window.location.origin)} what="settings for the mirror" />
      </Section>
      <AssistantSetup />
    </>
  );
}

function Row({ token, onRevoke }: { token: PersonalToken; onRevoke: () => void }) {
  return (
    <li className="flex items-center gap-3 px-3 py-2.5">
      <div className="grid min-w-0 flex-1 gap-0.5">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-14">
          <strong className="font-medium wrap-anywhere">{token.name}</strong>
          <Badge>{token.scope}</Badge>
          {token.expired && <Badge tone="warn">expired</Badge>}
        </p>
        <p className="flex flex-wrap gap-x-3 text-13 text-muted">
          <span className="font-mono">{token.hint}</span>
          <span>{endOf(token)}</span>
          <span>
            {token.last_used_at ? `Last used ${formatTime(token.last_used_at)}` : "Never used"}
          </span>
        </p>
      </div>
      <Button size="sm" aria-label={`Revoke ${token.name}`} onClick={onRevoke}>
        Revoke
      </Button>
    </li>
  );
}

function endOf({ expires_at, expired }: PersonalToken): string {
  if (!expires_at) return "No end";
  return `${expired ? "Ended" : "Ends"} ${formatDate(expires_at)}`;
}
