# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""A wire to a vCenter that there is not, below pyvmomi's own objects."""

from __future__ import annotations

import typing as t

from pyVmomi import vim, vmodl

Collector = vmodl.query.PropertyCollector


class Wire:
    """Answers what a stub of pyvmomi asks vCenter."""

    def __init__(self) -> None:
        self.below: dict[t.Any, list[t.Any]] = {}
        self.values: dict[t.Any, dict[str, t.Any]] = {}
        self._views: dict[str, list[t.Any]] = {}
        self._rest: list[t.Any] = []
        self.open_views = 0
        self.fault: Exception | None = None

    def make(self, kind: t.Any, identifier: str, under: t.Any = None, **values: t.Any) -> t.Any:
        made = kind(identifier, self)
        self.values[made] = {key.replace("__", "."): value for key, value in values.items()}
        if under is not None:
            self.below.setdefault(under, []).append(made)
            self.values[made]["parent"] = under
        return made

    def InvokeAccessor(self, mo: t.Any, info: t.Any) -> t.Any:  # noqa: N802
        if isinstance(mo, vim.ServiceInstance):
            return vim.ServiceInstanceContent(
                rootFolder=vim.Folder("root", self),
                viewManager=vim.view.ViewManager("views", self),
                propertyCollector=Collector("collector", self),
            )
        return self.values[mo][info.name]

    def InvokeMethod(self, mo: t.Any, info: t.Any, args: t.Any) -> t.Any:  # noqa: N802
        if info.wsdlName == "CreateContainerView":
            self.open_views += 1
            view = vim.view.ContainerView(f"view-{len(self._views)}", self)
            self._views[view._moId] = [one for one in self._all(args[0]) if isinstance(one, tuple(args[1]))]
            return view
        if info.wsdlName == "DestroyView":
            self.open_views -= 1
            return None
        if self.fault is not None:
            raise self.fault
        if info.wsdlName == "RetrievePropertiesEx":
            (spec,) = args[0]
            root = spec.objectSet[0].obj
            # A view is walked; anything else is asked for itself.
            wanted = self._views[root._moId] if isinstance(root, vim.view.ContainerView) else [root]
            self._rest = [self._content(one, spec) for one in wanted]
        # Pages of two, so that going on is seen.
        page, self._rest = self._rest[:2], self._rest[2:]
        if not page:
            return None
        return Collector.RetrieveResult(objects=page, token="more" if self._rest else None)

    def _all(self, root: t.Any) -> t.Iterator[t.Any]:
        for one in self.below.get(root, []):
            yield one
            yield from self._all(one)

    def _content(self, one: t.Any, spec: t.Any) -> t.Any:
        paths = {path for wanted in spec.propSet if isinstance(one, wanted.type) for path in wanted.pathSet}
        return Collector.ObjectContent(
            obj=one,
            propSet=[
                vmodl.DynamicProperty(name=path, val=value)
                for path, value in self.values[one].items()
                if path in paths and value is not None
            ],
        )
