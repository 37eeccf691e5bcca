import { useMutation } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { type FormEvent, useState } from "react";
import { answerOf, api, session } from "@/api/client";
import { asProblem } from "@/api/problem";
import { MIN_PASSWORD, passwordFault } from "@/features/accounts/checks";
import { PasswordField } from "@/features/accounts/PasswordField";
import { useMe } from "@/features/accounts/useSession";
import { announce } from "@/ui/announcer";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatDate } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";

/** `/settings/profile` */
export default function ProfilePage() {
  const me = useMe();
  if (!me) return null;
  return (
    <>
      <Section
        title="Account"
        aside={
          <Button onClick={() => void session.signOut()}>
            <LogOut aria-hidden /> Sign out
          </Button>
        }
      >
        <p className="flex flex-wrap items-center gap-2 text-14">
          <span className="wrap-anywhere">{me.email}</span>
          {me.admin && <Badge tone="accent">admin</Badge>}
          <span className="text-muted">since {formatDate(me.created_at)}</span>
        </p>
      </Section>
      <ChangePassword email={me.email} />
    </>
  );
}

function ChangePassword({ email }: { email: string }) {
  const [fault, setFault] = useState<string>();
  const change = useMutation({
    mutationFn: async (given: { current: string; next: string }) => {
      const body = { current_password: given.current, new_password: given.next };
      await answerOf(api.POST("/api/auth/password", { body }));
    },
    onSuccess: () => announce("Password changed."),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const next = String(form.get("next"));
    const found = passwordFault(next);
    setFault(found);
    if (found) return;
    const given = { current: String(form.get("current")), next };
    change.mutate(given, { onSuccess: () => element.reset() });
  }

  return (
    <Section title="Password" intro="Changing it signs you out on other devices.">
      <form noValidate onSubmit={submit} className="grid max-w-sm grid-cols-1 gap-4">
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <PasswordField label="Current password" name="current" autoComplete="current-password" />
        <PasswordField
          label="New password"
          name="next"
          autoComplete="new-password"
          hint={`At least ${MIN_PASSWORD} characters.`}
          error={fault}
        />
        {change.isError && <ProblemBox problem={asProblem(change.error)} />}
        {change.isSuccess && <p className="text-14 text-ok">Password changed.</p>}
        <Button type="submit" disabled={change.isPending} className="justify-self-start">
          {change.isPending ? "Changing…" : "Change password"}
        </Button>
      </form>
    </Section>
  );
}
