import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { answerOf, api, session } from "@/api/client";
import { asProblem } from "@/api/problem";
import { appQuery } from "@/api/queries";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { AccountScreen } from "./AccountScreen";
import { checkAccount, type FieldErrors, MIN_PASSWORD } from "./checks";
import { PasswordField } from "./PasswordField";

/** `/register` */
export default function RegisterPage() {
  const { next } = useSearch({ from: "/register" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: app } = useQuery(appQuery);
  const [errors, setErrors] = useState<FieldErrors>({});
  const register = useMutation({
    mutationFn: async (form: FormData) => {
      const email = String(form.get("email")).trim();
      const password = String(form.get("password"));
      const setupToken = form.get("setup_token");
      const body = { email, password, setup_token: setupToken ? String(setupToken).trim() : null };
      await answerOf(api.POST("/api/auth/register", { body }));
      await session.signIn(email, password);
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: appQuery.queryKey });
      return navigate({ href: next ?? "/", replace: true });
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const found = checkAccount(form, app?.setup_token_required ?? false);
    setErrors(found);
    if (Object.keys(found).length === 0) register.mutate(form);
  }

  if (app?.open_registration === false) return <Closed />;
  return (
    <AccountScreen
      title="Register"
      intro={
        app?.needs_setup
          ? "The first account is the admin of this server."
          : "Your account is stored on this server only."
      }
    >
      <form noValidate onSubmit={submit} className="grid grid-cols-1 gap-4">
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="username"
          error={errors.email}
          autoFocus
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          error={errors.password}
          hint={`At least ${MIN_PASSWORD} characters.`}
        />
        {app?.setup_token_required && (
          <Field
            label="Setup token"
            name="setup_token"
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            error={errors.setup_token}
            hint="The server printed it when it started."
          />
        )}
        {register.isError && <ProblemBox problem={asProblem(register.error)} />}
        <Button type="submit" variant="primary" disabled={register.isPending}>
          {register.isPending ? "Registering…" : "Register"}
        </Button>
      </form>
      <p className="text-14 text-muted">
        Have an account?{" "}
        <Link to="/login" search={{ next }} className="text-accent underline underline-offset-2">
          Sign in
        </Link>
      </p>
    </AccountScreen>
  );
}

function Closed() {
  return (
    <AccountScreen
      title="Register"
      intro="Registration is closed here. Ask an admin for an account."
    >
      <Link to="/login" className="text-14 text-accent underline underline-offset-2">
        Sign in
      </Link>
    </AccountScreen>
  );
}
