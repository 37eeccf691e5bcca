import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { tokensQuery } from "@/api/queries";
import type { PersonalToken } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemBox } from "@/ui/ProblemBox";

interface RevokeDialogProps {
  /** The one to ask about; none while closed. */
  token: PersonalToken | undefined;
  onClose: () => void;
}

/** Asks before a token is revoked: whatever uses it stops. */
export function RevokeDialog({ token, onClose }: RevokeDialogProps) {
  return (
    <Dialog
      open={token !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Revoke ${token?.name}?`}
      alert
    >
      {token && <Question token={token} onClose={onClose} />}
    </Dialog>
  );
}

function Question({ token, onClose }: { token: PersonalToken; onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: async () => {
      const path = { token_id: token.id };
      await answerOf(api.DELETE("/api/auth/tokens/{token_id}", { params: { path } }));
    },
    onSuccess: () => {
      announce(`Token ${token.name} revoked.`);
      onClose();
    },
    onSettled: () => client.invalidateQueries(tokensQuery),
  });
  return (
    <div className="mt-2 grid grid-cols-1 gap-4 text-14">
      <p>
        What uses <span className="font-mono">{token.hint}</span> is signed out at once. This cannot
        be undone.
      </p>
      {revoke.isError && <ProblemBox problem={asProblem(revoke.error)} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep</Button>
        <Button variant="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke
        </Button>
      </div>
    </div>
  );
}
