/**
 * A domain name as text: labels joined by dots, without the last dot, `.` for the root. The case is the wire's. A dot, a
 * backslash and what is not printable inside a label are escaped as in RFC 1035 section 5.1: `\.`, `\\`, `\000`.
 */
export type Name = string;
