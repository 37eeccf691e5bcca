import { PasswordField } from "@/features/accounts/PasswordField";

type KeyFieldProps = Omit<Parameters<typeof PasswordField>[0], "autoComplete">;

/**
 * A field for a key. Browsers fill a saved password into a field that only says `off`
 * (lobehub/lobehub#1075, langfuse/langfuse#7493); password managers have marks of their own.
 */
export function KeyField(props: KeyFieldProps) {
  return (
    <PasswordField
      {...props}
      autoComplete="new-password"
      data-1p-ignore
      data-bwignore
      data-lpignore="true"
      data-form-type="other"
    />
  );
}
