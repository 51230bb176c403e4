/** Something with situations and moves from one to the next, where a move can break a promise. */
export interface Game<S, M> {
  first(): S;
  /** What can come next; the same for situations with the same key. */
  moves(situation: S): readonly M[];
  /** The next situation, or the promise that this move broke. */
  play(situation: S, move: M): S | string;
  /** The promise that a situation breaks by itself, if any, and the moves that show it. */
  flaw(situation: S): Violation<M> | undefined;
  /** Equal keys: nothing that can follow, and no promise, tells the two situations apart. */
  key(situation: S): string;
}

export interface Violation<M> {
  readonly broken: string;
  /** The shortest history that breaks it. */
  readonly history: readonly M[];
}

export interface Exploration<M> {
  /** How many histories there are, counted move by move. */
  readonly histories: bigint;
  /** How many situations they lead to. */
  readonly situations: number;
  readonly violation?: Violation<M>;
}

interface Node<S, M> {
  readonly situation: S;
  readonly from?: { readonly node: Node<S, M>; readonly move: M };
  /** Where each move leads. */
  readonly next: Node<S, M>[];
  /** Histories of the length in hand that end here, and of one move more. */
  ending: bigint;
  coming: bigint;
}

/**
 * Plays every history of up to `length` moves. Histories that meet in one situation go on as one, for what follows is the
 * same; so all of them are checked, though each move is played only once from each situation.
 */
export function explore<S, M>(game: Game<S, M>, length: number): Exploration<M> {
  const root: Node<S, M> = { situation: game.first(), next: [], ending: 0n, coming: 1n };
  const known = new Map([[game.key(root.situation), root]]);
  let newest = [root];
  let histories = 0n;
  for (let moves = 0; moves < length; moves++) {
    const fresh: Node<S, M>[] = [];
    for (const node of newest) {
      for (const move of game.moves(node.situation)) {
        const from = { node, move };
        const found = ({ broken, history }: Violation<M>): Exploration<M> => ({
          histories,
          situations: known.size,
          violation: { broken, history: [...path(from), ...history] },
        });
        const situation = game.play(node.situation, move);
        if (typeof situation === "string") return found({ broken: situation, history: [] });
        const key = game.key(situation);
        let next = known.get(key);
        if (next === undefined) {
          const flaw = game.flaw(situation);
          if (flaw !== undefined) return found(flaw);
          next = { situation, from, next: [], ending: 0n, coming: 0n };
          known.set(key, next);
          fresh.push(next);
        }
        node.next.push(next);
      }
    }
    newest = fresh;
    histories += count(known.values());
  }
  return { histories, situations: known.size };
}

/** Plays one history, each number choosing among the moves; `pick` may prefer some to others. */
export function wander<S, M>(
  game: Game<S, M>,
  choices: readonly number[],
  pick: (moves: readonly M[], choice: number) => M | undefined,
): Violation<M> | undefined {
  let situation = game.first();
  let history: M[] = [];
  for (const choice of choices) {
    const move = pick(game.moves(situation), choice);
    if (move === undefined) {
      // This life is over: live another one.
      [situation, history] = [game.first(), []];
      continue;
    }
    history.push(move);
    const next = game.play(situation, move);
    if (typeof next === "string") return { broken: next, history };
    situation = next;
  }
  const flaw = game.flaw(situation);
  return flaw && { broken: flaw.broken, history: [...history, ...flaw.history] };
}

/** One move further: every history goes on in each possible way. Returns how many there are in this length. */
function count<S, M>(known: Iterable<Node<S, M>>): bigint {
  const nodes = [...known];
  for (const node of nodes) {
    node.ending = node.coming;
    node.coming = 0n;
  }
  let histories = 0n;
  for (const { ending, next } of nodes) {
    if (ending === 0n) continue;
    for (const node of next) node.coming += ending;
    histories += ending * BigInt(next.length);
  }
  return histories;
}

function path<S, M>(last: { readonly node: Node<S, M>; readonly move: M }): M[] {
  const before = last.node.from;
  return [...(before ? path(before) : []), last.move];
}
