//! JavaScript as the platform runs it: modules by path, scripts that require them, and `glide.js` between them and the
//! instance.
//!
//! An engine belongs to its thread, and runs one script at a time. While it does, the state of the instance is its
//! own: [`Host`] has it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{CatchResultExt, Context, Ctx, Error, Function, Module, Object, Runtime, Value};

use super::host::Host;

/// The texts of modules by their path.
pub(super) type Modules = BTreeMap<String, String>;

/// What begins the path of the platform's own modules.
const PLATFORM: &str = "@servicenow/glide";

pub(super) struct Engine {
    context: Context,
    host: Rc<RefCell<Option<Host>>>,
    /// Whether the script that runs is to end, which it cannot prevent.
    is_killed: Rc<Cell<bool>>,
}

impl Engine {
    pub(super) fn new(modules: Arc<Modules>) -> Engine {
        let runtime = Runtime::new().expect("there is memory for a runtime");
        // A limit counts from where the engine was made; whoever runs a script later may be much deeper.
        runtime.set_max_stack_size(0);
        let is_killed = Rc::new(Cell::new(false));
        let asked = Rc::clone(&is_killed);
        runtime.set_interrupt_handler(Some(Box::new(move || asked.get())));
        runtime.set_loader(Paths(Arc::clone(&modules)), Texts(modules));
        let context = Context::full(&runtime).expect("there is memory for a context");
        let host = Rc::new(RefCell::new(None));
        context.with(|context| prepare(&context, &host, &is_killed).expect("glide.js runs"));
        Engine {
            context,
            host,
            is_killed,
        }
    }

    /// Runs a script with what it finds at its start; gives what it answered, or why it failed.
    pub(super) fn run(&self, host: Host, script: &str, given: &serde_json::Value) -> (Host, Result<String, String>) {
        *self.host.borrow_mut() = Some(host);
        let answer = self.context.with(|context| {
            let run: Function<'_> = context.globals().get("__run").expect("glide.js defines it");
            let answer = run.call::<_, String>((script, given.to_string()));
            answer.catch(&context).map_err(|error| error.to_string())
        });
        let host = self.host.borrow_mut().take().expect("it was put there");
        self.is_killed.set(false);
        (host, answer)
    }
}

fn prepare(context: &Ctx<'_>, host: &Rc<RefCell<Option<Host>>>, is_killed: &Rc<Cell<bool>>) -> rquickjs::Result<()> {
    let (host, is_killed) = (Rc::clone(host), Rc::clone(is_killed));
    let ask = move |context: Ctx<'_>, name: String, question: String| {
        let mut host = host.borrow_mut();
        let host = host.as_mut().expect("a script runs");
        match host.answer(&name, &question) {
            Ok(answer) => Ok(answer.to_string()),
            Err(super::host::Unanswered::Killed) => {
                is_killed.set(true);
                Ok("null".to_owned())
            }
            Err(super::host::Unanswered::Refused(reason)) => Err(rquickjs::Exception::throw_message(&context, &reason)),
        }
    };
    let globals = context.globals();
    globals.set("__ask", Function::new(context.clone(), ask)?)?;
    globals.set("__require", Function::new(context.clone(), require)?)?;
    context.eval::<Value<'_>, _>(include_str!("glide.js")).map(drop)
}

fn require<'js>(context: Ctx<'js>, path: String) -> rquickjs::Result<Value<'js>> {
    Module::import(&context, path)?.finish()
}

/// Finds modules: by their whole path, or beside whoever imports them, without the end of their name.
struct Paths(Arc<Modules>);

impl Resolver for Paths {
    fn resolve<'js>(
        &mut self,
        _context: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        if name.starts_with(PLATFORM) || self.0.contains_key(name) {
            return Ok(name.to_owned());
        }
        let mut folder: Vec<&str> = base.split('/').collect();
        folder.pop();
        for part in name.split('/') {
            match part {
                "." => {}
                ".." => drop(folder.pop()),
                part => folder.push(part),
            }
        }
        let path = format!("{}.ts", folder.join("/"));
        if self.0.contains_key(&path) {
            Ok(path)
        } else {
            Err(Error::new_resolving(base, name))
        }
    }
}

struct Texts(Arc<Modules>);

impl Loader for Texts {
    fn load<'js>(
        &mut self,
        context: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let text = match self.0.get(name) {
            Some(text) => text.clone(),
            None => platform(context, name)?,
        };
        Module::declare(context.clone(), name, text)
    }
}

/// A module of the platform: it exports what `glide.js` has for it.
fn platform(context: &Ctx<'_>, name: &str) -> rquickjs::Result<String> {
    let all: Object<'_> = context.globals().get("__glide")?;
    let exported: Option<Object<'_>> = all.get(name)?;
    let exported = exported.ok_or_else(|| Error::new_loading(name))?;
    let mut text = String::new();
    for export in exported.keys::<String>() {
        let export = export?;
        text += &format!("export const {export} = globalThis.__glide['{name}'].{export}\n");
    }
    Ok(text)
}
