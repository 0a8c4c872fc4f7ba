// Values that are made when they are first needed.

/** A value computed once, on the first call. */
export function lazy<T>(make: () => T): () => T {
  const cell: { value: T | undefined; made: boolean } = { value: undefined, made: false };
  return () => {
    if (!cell.made || cell.value === undefined) {
      cell.value = make();
      cell.made = true;
    }
    return cell.value;
  };
}
