export const MIN_PASSWORD = 8;

export interface FieldErrors {
  email?: string;
  password?: string;
  setup_token?: string;
}

/** What can be said of a registration before it is sent. The server decides. */
export function checkAccount(form: FormData, needsToken: boolean): FieldErrors {
  const errors: FieldErrors = {};
  const email = String(form.get("email") ?? "").trim();
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) errors.email = "Enter an address such as name@example.org.";
  const fault = passwordFault(String(form.get("password") ?? ""));
  if (fault) errors.password = fault;
  if (needsToken && !form.get("setup_token")) errors.setup_token = "Enter the setup token.";
  return errors;
}

export function passwordFault(password: string): string | undefined {
  return password.length < MIN_PASSWORD ? `Use at least ${MIN_PASSWORD} characters.` : undefined;
}
