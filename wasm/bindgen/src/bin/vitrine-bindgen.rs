//! `vitrine-bindgen INPUT.wasm OUT_DIR`: writes `vitrine_bg.wasm` and the JavaScript that talks to it.
//!
//! wasm-bindgen's glue keeps the one instance of its module in top-level variables. We need many instances: two worlds on one
//! page, and a fresh instance whenever a keyframe of another size is restored. So the glue becomes the body of a
//! function, and each call of that function is an instance of its own:
//!
//! ```text
//! vitrine.js       export function instantiate(module) { ...glue...; return { version, ... , wasm } }
//! exports.d.ts     what wasm-bindgen says about the exports, unchanged
//! vitrine.d.ts     the type of instantiate, in terms of exports.d.ts
//! ```

use std::{env, error::Error, fs, path::Path, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

const TYPES: &str = "\
import type * as raw from './exports.js';
/** One instance of the engine's module: its functions, and below them the instance's own memory and tables. */
export type Instance = Omit<typeof raw, 'default' | 'initSync'> & { readonly wasm: raw.InitOutput };
/**
 * Makes a new instance; instances share nothing but their code. `more` is called with the instance's exports and gives
 * what the module imports under the name `vitrine`: see `vitrine-split`.
 */
export function instantiate(module: WebAssembly.Module, more?: (wasm: () => WebAssembly.Exports) => WebAssembly.ModuleImports): Instance;
";

/// Where the glue collects what it gives to a module.
const IMPORTS: &str = "const imports = __wbg_get_imports();";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [input, out_dir] = args.as_slice() else {
        eprintln!("usage: vitrine-bindgen INPUT.wasm OUT_DIR");
        return ExitCode::FAILURE;
    };
    match generate(input, Path::new(out_dir)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("vitrine-bindgen: {e}");
            ExitCode::FAILURE
        }
    }
}

fn generate(input: &str, out_dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("vitrine").typescript(true).web(true)?;
    // Without `import.meta` the glue also runs in a classic worker made from a blob.
    bindgen.omit_default_module_path(true);
    // The names of functions stay in: `vitrine-split` asks for them, and takes them out.
    bindgen.remove_producers_section(true);
    let mut output = bindgen.generate_output()?;
    let factory = factory(output.js())?;
    let types = output.ts().ok_or("no TypeScript was generated")?.to_owned();
    output.emit(out_dir)?;
    fs::write(out_dir.join("vitrine.js"), factory)?;
    fs::write(out_dir.join("exports.d.ts"), types)?;
    fs::write(out_dir.join("vitrine.d.ts"), TYPES)?;
    Ok(())
}

/// Wraps the module text in a function that returns its exports.
fn factory(js: &str) -> Result<String, Box<dyn Error>> {
    let mut body = String::new();
    let mut names = Vec::new();
    for line in js.lines() {
        if line.starts_with("import ") {
            return Err("the glue imports another module: a factory cannot".into());
        }
        if line.starts_with("export {") {
            continue;
        }
        let line = match line.strip_prefix("export ") {
            Some(rest) => {
                names.push(exported_name(rest)?);
                rest
            }
            None => line,
        };
        body.push_str(line);
        body.push('\n');
    }
    names.push("wasm");
    let body = body.replace(IMPORTS, &format!("{IMPORTS}\nimports.vitrine = more?.(() => wasm) ?? {{}};"));
    Ok(format!(
        "export function instantiate(module, more) {{\n{body}\ninitSync({{ module }});\nreturn {{ {} }};\n}}\n",
        names.join(", ")
    ))
}

fn exported_name(declaration: &str) -> Result<&str, Box<dyn Error>> {
    let rest = declaration.strip_prefix("async ").unwrap_or(declaration);
    rest.strip_prefix("function ")
        .and_then(|rest| rest.split_once('('))
        .map(|(name, _)| name)
        .ok_or_else(|| format!("only functions may be exported, not `{declaration}`").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glue_becomes_a_factory() {
        let js =
            "export function version() {\n    return 1;\n}\nlet wasm;\nexport { initSync, __wbg_init as default };\n";
        let made = factory(js).expect("plain functions");
        assert!(made.starts_with("export function instantiate(module, more) {\nfunction version() {"));
        assert!(made.ends_with("return { version, wasm };\n}\n"));
    }

    #[test]
    fn classes_are_refused() {
        assert!(factory("export class Session {\n}\n").is_err());
        assert!(factory("import { x } from './snippets/x.js';\n").is_err());
    }
}
