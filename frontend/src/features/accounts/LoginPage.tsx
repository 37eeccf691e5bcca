import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { session } from "@/api/client";
import { asProblem } from "@/api/problem";
import { appQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { AccountScreen } from "./AccountScreen";
import { PasswordField } from "./PasswordField";

/** `/login` */
export default function LoginPage() {
  const { next } = useSearch({ from: "/login" });
  const navigate = useNavigate();
  const { data: app } = useQuery(appQuery);
  const [missing, setMissing] = useState<{ email?: string; password?: string }>({});
  const signIn = useMutation({
    mutationFn: (form: FormData) =>
      session.signIn(String(form.get("email")).trim(), String(form.get("password"))),
    onSuccess: () => navigate({ href: next ?? "/", replace: true }),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const found = {
      email: form.get("email") ? undefined : "Enter your e-mail address.",
      password: form.get("password") ? undefined : "Enter your password.",
    };
    setMissing(found);
    if (!found.email && !found.password) signIn.mutate(form);
  }

  return (
    <AccountScreen title="Sign in" intro="Find, download and keep datasets on your own machine.">
      <form noValidate onSubmit={submit} className="grid grid-cols-1 gap-4">
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          error={missing.email}
          autoFocus
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          error={missing.password}
        />
        {signIn.isError && <ProblemBox problem={asProblem(signIn.error)} />}
        <Button type="submit" variant="primary" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
      {app?.open_registration !== false && (
        <p className="text-14 text-muted">
          {app?.needs_setup ? "There is no account here yet." : "No account yet?"}{" "}
          <Link
            to="/register"
            search={{ next }}
            className="text-accent underline underline-offset-2"
          >
            {app?.needs_setup ? "Create the first one" : "Register"}
          </Link>
        </p>
      )}
    </AccountScreen>
  );
}
