/** The record without its undefined members. The compiler asks for every member of T: none is forgotten. */
export function defined<T extends object>(record: { readonly [Name in keyof T]-?: T[Name] | undefined }): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
