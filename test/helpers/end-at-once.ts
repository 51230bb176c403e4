/**
 * For a test that cuts connections: Node 20 sometimes never comes to an end of its own clean-up once a proxy has reset some (it
 * spins in Environment::CleanupHandles, with everything done). A test that has come to its end goes without.
 */
export function endAtOnce(): void {
  process.once("beforeExit", () => process.once("exit", () => process.exit()));
}
