import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { PasswordField } from "@/features/accounts/PasswordField";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";

/** An admin's form: the account of somebody who has asked for it, or has left. */
export function EraseAnother() {
  const erase = useMutation({
    mutationFn: (body: { email: string; password: string }) =>
      answerOf(api.POST("/api/erasures", { body })),
    onSuccess: () => announce("The account is locked, and is being erased."),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const body = {
      email: String(form.get("email")).trim(),
      password: String(form.get("password")),
    };
    erase.mutate(body, { onSuccess: () => element.reset() });
  }

  return (
    <Section
      title="Erase somebody else's account"
      intro="As an admin: it is locked at once, and all that is theirs goes as if they had erased it themselves."
    >
      <form noValidate onSubmit={submit} className="grid max-w-sm grid-cols-1 gap-4">
        <Field label="Their e-mail" name="email" type="email" autoComplete="off" />
        <PasswordField label="Your password" name="password" autoComplete="current-password" />
        {erase.isError && <ProblemBox problem={asProblem(erase.error)} />}
        {erase.isSuccess && <p className="text-14 text-ok">It is being erased.</p>}
        <Button
          type="submit"
          variant="danger"
          disabled={erase.isPending}
          className="justify-self-start"
        >
          Erase their account
        </Button>
      </form>
    </Section>
  );
}
