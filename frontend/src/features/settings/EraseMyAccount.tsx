import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { answerOf, api, session } from "@/api/client";
import { asProblem } from "@/api/problem";
import { PasswordField } from "@/features/accounts/PasswordField";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";

interface EraseMyAccountProps {
  email: string;
  /** Nobody could manage the server any more. */
  lastAdmin: boolean;
}

/** The end of my account, once I have typed its address and my password. */
export function EraseMyAccount({ email, lastAdmin }: EraseMyAccountProps) {
  const [asking, setAsking] = useState(false);
  return (
    <Section
      title="Erase your account"
      intro="You are signed out everywhere at once, and all that is listed above as going is gone within moments. To have a dataset go that you share, stop sharing it first."
    >
      {lastAdmin ? (
        <p className="text-14">
          You are the last admin of this server. Make another one first:{" "}
          <code className="wrap-anywhere">dataferry users create EMAIL --admin</code>
        </p>
      ) : (
        <Button variant="danger" onClick={() => setAsking(true)} className="justify-self-start">
          Erase my account
        </Button>
      )}
      <Dialog open={asking} onOpenChange={setAsking} title="Erase your account?" alert>
        <Confirm email={email} onClose={() => setAsking(false)} />
      </Dialog>
    </Section>
  );
}

function Confirm({ email, onClose }: { email: string; onClose: () => void }) {
  const [fault, setFault] = useState<string>();
  const navigate = useNavigate();
  const erase = useMutation({
    mutationFn: (password: string) =>
      answerOf(api.DELETE("/api/me", { body: { email, password } })),
    onSuccess: async ({ id }) => {
      await navigate({ to: "/goodbye", search: { erasure: id }, replace: true });
      await session.signOut();
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const meant = String(form.get("email")).trim().toLowerCase() === email;
    setFault(meant ? undefined : "Type the address of your account.");
    if (meant) erase.mutate(String(form.get("password")));
  }

  return (
    <form noValidate onSubmit={submit} className="grid grid-cols-1 gap-4 pt-3 text-14">
      <p>
        Your chats, uploads, private datasets and history go for good. Nothing can bring them back.
      </p>
      <Field
        label={`Type ${email} to confirm`}
        name="email"
        autoComplete="off"
        error={fault}
        autoFocus
      />
      <PasswordField label="Password" name="password" autoComplete="current-password" />
      {erase.isError && <ProblemBox problem={asProblem(erase.error)} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>Keep my account</Button>
        <Button type="submit" variant="danger" disabled={erase.isPending}>
          Erase everything
        </Button>
      </div>
    </form>
  );
}
