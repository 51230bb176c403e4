/** A value among others on a line: as it is where it is one plain word, else in quotes. */
export function quoted(value: string): string {
  return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : visible(JSON.stringify(value));
}

/** A terminal obeys control characters, and some of what is shown was written by others. */
export function visible(value: string): string {
  return value.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
