/**
 * RE2's regular expressions, which take linear time in any text: for rules that others wrote.
 *
 * @module
 */
export { RE2JS, RE2JSException } from "npm:re2js@2.10.0";
