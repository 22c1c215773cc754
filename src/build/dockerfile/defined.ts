type Defined<Value> = { readonly [Key in keyof Value]?: Exclude<Value[Key], undefined> };

/** Without the members that are not set: what optional members want. */
export function defined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<Value>;
}
